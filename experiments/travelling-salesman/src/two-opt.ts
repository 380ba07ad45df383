import { tourLength } from "@ansatz/data";

/**
 * A short closed tour: the shortest that 2-opt finds from the nearest-neighbour tours of all places. Croes 1958. It
 * begins at place 0, in the direction with the lower second place, as data's `shortestTour`.
 *
 * Points are x₀, y₀, x₁, y₁, …. Through 9 random points, tours are on average less than half a percent longer than the
 * shortest.
 */
export function twoOptTour(points: ArrayLike<number>): Int32Array {
  const count = points.length / 2;
  const distances = Array.from({ length: count }, (_, a) =>
    Float64Array.from({ length: count }, (_, b) =>
      Math.hypot(points[2 * a]! - points[2 * b]!, points[2 * a + 1]! - points[2 * b + 1]!),
    ),
  );
  const tours = Array.from({ length: count }, (_, start) => improved(nearestNeighbours(start, distances), distances));
  const lengths = tours.map((tour) => tourLength(points, tour));
  const best = tours[lengths.indexOf(Math.min(...lengths))]!;
  const first = best.indexOf(0);
  const [zero, ...rest] = [...best.slice(first), ...best.slice(0, first)] as [number, ...number[]];
  return Int32Array.from([zero, ...(rest[0]! < rest.at(-1)! ? rest : rest.reverse())]);
}

/** From a place always to the nearest that was not visited yet. */
function nearestNeighbours(start: number, distances: readonly Float64Array[]): number[] {
  const tour = [start];
  const left = new Set(distances.keys());
  left.delete(start);
  while (left.size > 0) {
    const from = distances[tour.at(-1)!]!;
    const next = [...left].reduce((a, b) => (from[b]! < from[a]! ? b : a));
    left.delete(next);
    tour.push(next);
  }
  return tour;
}

/** Two ways are exchanged by turning round the places between them, until no exchange shortens the tour. */
function improved(tour: number[], distances: readonly Float64Array[]): number[] {
  const way = (i: number, j: number) => distances[tour[i % tour.length]!]![tour[j % tour.length]!]!;
  for (let shorter = true; shorter;) {
    shorter = false;
    for (let i = 0; i < tour.length - 2; i++)
      for (let j = i + 2; j < tour.length; j++) {
        if (way(i, j) + way(i + 1, j + 1) >= way(i, i + 1) + way(j, j + 1) - 1e-12) continue;
        for (let [a, b] = [i + 1, j]; a < b; a++, b--) [tour[a], tour[b]] = [tour[b]!, tour[a]!];
        shorter = true;
      }
  }
  return tour;
}
