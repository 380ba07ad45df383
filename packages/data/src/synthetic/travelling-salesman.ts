import { ArgumentError, type RandomKey } from "@ansatz/core";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/** The distance between two of the points [x₀, y₀, x₁, y₁, …]. */
function distance(points: ArrayLike<number>, a: number, b: number): number {
  return Math.hypot(points[2 * a]! - points[2 * b]!, points[2 * a + 1]! - points[2 * b + 1]!);
}

/**
 * The length of a closed tour through points, given as x₀, y₀, x₁, y₁, ….
 *
 * @example tourLength([0, 0, 1, 0, 1, 1, 0, 1], [0, 1, 2, 3])  // 4
 */
export function tourLength(points: ArrayLike<number>, tour: ArrayLike<number>): number {
  return Array.from(tour).reduce((total, place, i) => total + distance(points, place, tour[(i + 1) % tour.length]!), 0);
}

/**
 * The shortest closed tour, by dynamic programming over sets of places in 2ⁿ n² steps. Held & Karp 1962; Bellman 1962.
 *
 * It begins at place 0. Of its two directions, it is the one with the lower second place.
 *
 * @throws ArgumentError for more than 16 places
 * @example [...shortestTour([0, 0, 1, 1, 1, 0, 0, 1])]  // [0, 2, 1, 3]
 */
export function shortestTour(points: ArrayLike<number>): Int32Array {
  const count = points.length / 2;
  if (count > 16)
    throw new ArgumentError(
      `shortestTour: ${count} places have ${2 ** count} subsets, which is too many\n  use 16 places or fewer`,
    );
  if (count < 3) return Int32Array.from({ length: count }, (_, i) => i);
  // best[set · n + end]: the shortest way from place 0 through a set of others that ends at `end`.
  const rest = count - 1;
  const best = new Float64Array(2 ** rest * rest).fill(Infinity);
  const before = new Int8Array(best.length).fill(-1);
  for (let end = 0; end < rest; end++) best[(1 << end) * rest + end] = distance(points, 0, end + 1);
  for (let set = 1; set < 1 << rest; set++) {
    for (let end = 0; end < rest; end++) {
      const soFar = best[set * rest + end]!;
      if (soFar === Infinity) continue;
      for (let next = 0; next < rest; next++) {
        if (set & (1 << next)) continue;
        const at = (set | (1 << next)) * rest + next;
        const length = soFar + distance(points, end + 1, next + 1);
        if (length < best[at]!) [best[at], before[at]] = [length, end];
      }
    }
  }
  const everything = (1 << rest) - 1;
  let end = 0;
  for (let i = 1; i < rest; i++)
    if (
      best[everything * rest + i]! + distance(points, i + 1, 0) <
      best[everything * rest + end]! + distance(points, end + 1, 0)
    )
      end = i;
  const tour: number[] = [];
  for (let set = everything, place = end; place >= 0;) {
    tour.push(place + 1);
    const previous = before[set * rest + place]!;
    [set, place] = [set & ~(1 << place), previous];
  }
  return Int32Array.from([0, ...(tour[0]! < tour.at(-1)! ? tour : tour.reverse())]);
}

/**
 * The travelling salesman problem on random points, with exact solutions: `points` [batch, places, 2] in the unit
 * square, and `tour` [batch, places] of int32. Vinyals, Fortunato & Jaitly 2015, arXiv:1506.03134, Section 4.4.
 *
 * @throws ArgumentError for counts below 1, or more than 16 places
 * @example travellingSalesman(key(1), { count: 10, places: 5 }).length  // 10
 */
export function travellingSalesman(
  key: RandomKey,
  options: { readonly count: number; readonly places: number },
): Columns<"points" | "tour"> {
  const { count, places } = options;
  checkCounts("travellingSalesman", { count, places });
  const random = new HostRandom(key);
  const points = Float32Array.from({ length: count * places * 2 }, () => random.uniform());
  const tour = new Int32Array(count * places);
  for (let example = 0; example < count; example++)
    tour.set(shortestTour(points.subarray(2 * places * example, 2 * places * (example + 1))), example * places);
  return new Columns({ points: { data: points, shape: [places, 2] }, tour: { data: tour, shape: [places] } });
}
