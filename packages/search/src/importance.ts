import { endsOf, type Dimension, type Point, type Space } from "./space.ts";
import { massOf } from "./truncated-normal.ts";

/** A point and its figure. The lower, the better. */
export interface Outcome {
  readonly point: Point;
  readonly value: number;
}

/** The part of the points that are called good. */
const goodPart = 0.1;
/** How many points are called good at least. */
const fewestGood = 2;
/** Ranges are divided into so many cells. */
const cells = 50;
/** What is added to each density, so that none is 0. */
const floor = 1e-12;

/**
 * How much each setting matters for being among the best tenth: PED-ANOVA, Watanabe et al. 2023, arXiv:2304.10255.
 *
 *   ∫ p(x) (l(x) / p(x) − 1)² dx, divided by the sum over the settings
 *
 * p is the density of a setting's values over all points, and l that over the best tenth, two points at least. Both are
 * estimated with kernels whose width follows Scott's rule, on 50 cells of the range. A setting has a great importance
 * if good points have other values than all points; 0 if the values make no difference. Points with a figure that isn't
 * finite are among the others. With fewer than three points, all settings are equally important.
 *
 * @example const outcome = (a: number, value: number) => ({ point: { a, b: a % 2 }, value });
 * const range = { low: 0, high: 9, scale: "uniform", whole: true } as const;
 * const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((a) => outcome(a, a));
 * importance({ a: range, b: { values: [0, 1] } }, all)  // { a: 1, b: 0 }
 */
export function importance(space: Space, outcomes: readonly Outcome[]): Record<string, number> {
  const names = Object.keys(space);
  const equal = Object.fromEntries(names.map((name) => [name, 1 / names.length]));
  if (outcomes.length <= fewestGood) return equal;
  const values = outcomes.map(({ value }) => (Number.isNaN(value) ? Infinity : value));
  const sorted = values.toSorted((a, b) => a - b || 0);
  const bound = sorted[Math.max(fewestGood, Math.ceil(goodPart * sorted.length)) - 1]!;
  const good = outcomes.filter((_, i) => values[i]! <= bound);
  const divergences = names.map((name) => {
    const dimension = space[name]!;
    const [l, p] = [good, outcomes].map((some) =>
      cellDensity(
        dimension,
        some.map(({ point }) => point[name]!),
      ),
    );
    return p!.reduce((sum, own, i) => sum + own * (l![i]! / own - 1) ** 2, 0);
  });
  const sum = divergences.reduce((total, one) => total + one, 0);
  return sum > 0 ? Object.fromEntries(names.map((name, i) => [name, divergences[i]! / sum])) : equal;
}

/** The estimated probability of each value, or of each cell of a range. */
function cellDensity(dimension: Dimension, values: readonly Point[string][]): number[] {
  const counts = countsIn(dimension, values);
  const total = values.length;
  const places = counts.flatMap((count, i) => (count > 0 ? [i] : []));
  // One kernel for each cell that has points, weighted by their number, and one with the weight 1 for all cells.
  const kernels = "values" in dimension ? categorical(places, counts.length) : normals(places, counts);
  return counts.map(
    (_, cell) =>
      kernels.reduce((sum, kernel, k) => sum + ((counts[places[k] ?? -1] ?? 1) / (total + 1)) * kernel(cell), 0) +
      floor,
  );
}

/** How many values fall on each choice, or on each cell: those around points from one end of a range to the other. */
function countsIn(dimension: Dimension, values: readonly Point[string][]): number[] {
  if ("values" in dimension) return dimension.values.map((choice) => values.filter((value) => value === choice).length);
  const { low, high, whole, scale } = dimension;
  const count = !whole
    ? cells
    : Math.min(cells, scale === "uniform" ? high - low + 1 : Math.ceil(Math.log2(high - low + 1)) + 1);
  const [from, to] = endsOf({ ...dimension, whole: false });
  const step = (to - from) / (count - 1);
  const counts = Array<number>(count).fill(0);
  for (const value of values as readonly number[]) {
    const place = ((scale === "uniform" ? value : Math.log(value)) - from) / step;
    counts[Math.min(count - 1, Math.max(0, Math.ceil(place - 0.5)))]!++;
  }
  return counts;
}

type Kernel = (cell: number) => number;

function categorical(places: readonly number[], count: number): Kernel[] {
  const rest = 1 / (places.length + 1);
  const own = places.map(
    (place): Kernel =>
      (cell) =>
        (rest + (cell === place ? 1 : 0)) / (count * rest + 1),
  );
  return [...own, () => 1 / count];
}

/** Normal kernels whose width follows Scott's rule: 1.059 min(IQR / 1.34, s) n^(−1/5), and at least 0.5 / 1.64. */
function normals(places: readonly number[], counts: readonly number[]): Kernel[] {
  const own = places.map((place) => counts[place]!);
  const total = own.reduce((sum, count) => sum + count, 0);
  const mean = places.reduce((sum, place, i) => sum + (place * own[i]!) / total, 0);
  const squares = places.reduce((sum, place, i) => sum + (place - mean) ** 2 * own[i]!, 0);
  let sum = 0;
  const upTo = own.map((count) => (sum += count));
  const quartile = (bound: (reached: number) => boolean) => {
    const found = upTo.findIndex(bound);
    return places[found < 0 ? places.length - 1 : found]!;
  };
  const lower = quartile((reached) => reached >= Math.floor(total / 4));
  const upper = quartile((reached) => reached > Math.floor((total * 3) / 4));
  const spread = Math.min((upper - lower) / 1.34, Math.sqrt(squares / Math.max(1, total - 1)));
  const deviation = Math.max(1.059 * spread * total ** -0.2, 0.5 / 1.64);
  const [from, to] = [-0.5, counts.length - 0.5];
  return [
    ...places.map((place) => ({ mean: place, deviation, from, to })),
    { mean: (counts.length - 1) / 2, deviation: counts.length, from, to },
  ].map(
    (normal): Kernel =>
      (cell) =>
        massOf(normal, cell - 0.5, cell + 0.5),
  );
}
