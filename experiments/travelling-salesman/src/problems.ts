import {
  add,
  argmin,
  bernoulli,
  concat,
  expandDims,
  flip,
  greater,
  iota,
  less,
  mul,
  neg,
  slice,
  split,
} from "@ansatz/core";
import {
  squeeze,
  sub,
  sum,
  takeAlongAxis,
  uniform,
  where,
  type RandomKey,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { Columns, travellingSalesman } from "@ansatz/data";
import { twoOptTour } from "./two-opt.ts";

/** Up to here tours are the shortest, by dynamic programming. Above, 2-opt finds them. */
export const mostExact = 12;

/** Random points in the unit square, `points` [batch, places, 2], and a tour of each, `tour` [batch, places]. */
export async function problemsOf(
  key: RandomKey,
  { count, places }: { readonly count: number; readonly places: number },
): Promise<Columns<"points" | "tour">> {
  if (places <= mostExact) return travellingSalesman(key, { count, places });
  const points = Float32Array.from(await uniform(key, [count, places, 2]).data());
  const tour = new Int32Array(count * places);
  for (let i = 0; i < count; i++)
    tour.set(twoOptTour(points.subarray(2 * places * i, 2 * places * (i + 1))), places * i);
  return new Columns({ points: { data: points, shape: [places, 2] }, tour: { data: tour, shape: [places] } });
}

/** The same problems seen in a mirror: both axes at random, and the diagonal. The shortest tours stay what they are. */
export function mirrored(points: Tensor, random: RandomStream): Tensor {
  const batch = points.shape[0]!;
  const sides = where(bernoulli(random.next(), 0.5, [batch, 1, 2]).equal(1), points.neg().add(1), points);
  return where(bernoulli(random.next(), 0.5, [batch, 1, 1]).equal(1), flip(sides, 2), sides);
}

/**
 * The same tours from their leftmost point on, counter-clockwise: so there is one right answer, which only the points
 * decide. points [batch, places, 2] and tour [batch, places] give a tour [batch, places].
 */
export function fromTheLeft(points: Tensor, tour: Tensor): Tensor {
  const places = tour.shape[1]!;
  const coordinates = split(points, 2, 2).map((values) => takeAlongAxis(squeeze(values, 2), tour, 1));
  const [x, y] = coordinates as [Tensor, Tensor]; // along the tour
  const next = (values: Tensor) => concat([slice(values, [null, 1]), slice(values, [null, [0, 1]])], 1);
  const twiceTheArea = sum(sub(mul(x, next(y)), mul(next(x), y)), 1, { keepDims: true });
  const onwards = where(greater(twiceTheArea, 0), iota(places), neg(iota(places)));
  const steps = add(expandDims(argmin(x, 1), 1), onwards); // between −places and 2 · places
  const inside = where(less(steps, 0), add(steps, places), steps);
  return takeAlongAxis(tour, where(less(inside, places), inside, sub(inside, places)), 1);
}
