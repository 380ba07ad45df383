import { endsOf, valueAt, type Dimension, type Point, type Space, type Value } from "./space.ts";
import { logDensityOf, massOf, placeOf, type TruncatedNormal } from "./truncated-normal.ts";

/** The width of a kernel in one dimension, as a part of the range. Falkner et al. 2018 tune it; Optuna uses this. */
const usualWidth = 0.2;

/** A kernel's distribution over one setting. */
type Part = { readonly normal: TruncatedNormal } | { readonly chances: readonly number[] };

/**
 * A density over a space: a mixture of one kernel around each observed point, and of one that covers all of the space.
 * A kernel is a product over the settings: of truncated normals on the scales of ranges, and of categorical
 * distributions over values. Falkner, Klein & Hutter 2018, arXiv:1807.01774, in the form of Optuna's multivariate TPE.
 *
 * With n points in d dimensions, the deviation of a kernel is 0.2 n^(−1 / (d + 4)) of the range, and no less than a
 * part 1 / min(100, n + 2) of it.
 */
export class ParzenEstimator {
  readonly #space: readonly (readonly [string, Dimension])[];
  readonly #weights: readonly number[];
  /** The parts of each kernel, in the order of the space; the last kernel covers all of it. */
  readonly #kernels: readonly (readonly Part[])[];

  /** `weights` are those of the points; the kernel that covers the space has the weight 1. */
  constructor(space: Space, points: readonly Point[], weights: readonly number[] = points.map(() => 1)) {
    this.#space = Object.entries(space);
    const all = [...weights, 1];
    const sum = all.reduce((total, weight) => total + weight, 0);
    this.#weights = all.map((weight) => weight / sum);
    this.#kernels = [...points, undefined].map((point) =>
      this.#space.map(([name, dimension]) =>
        "values" in dimension
          ? chancesOf(dimension.values, point?.[name], points.length)
          : normalOf(dimension, point?.[name], points.length, this.#space.length),
      ),
    );
  }

  /** The logarithm of the density at a point: of a range on its scale, and of other settings a probability. */
  logDensity(point: Point): number {
    const logarithms = this.#kernels.map((parts, i) =>
      parts.reduce(
        (sum, part, j) => sum + logChance(part, this.#space[j]![1], point[this.#space[j]![0]]!),
        Math.log(this.#weights[i]!),
      ),
    );
    const most = Math.max(...logarithms);
    return most + Math.log(logarithms.reduce((sum, one) => sum + Math.exp(one - most), 0));
  }

  /** A point from this density. `uniform(i)` gives independent numbers in [0, 1): for i = 0, 1, …, the dimensions. */
  draw(uniform: (i: number) => number): Point {
    const parts = this.#kernels[chosen(this.#weights, uniform(0))]!;
    return Object.fromEntries(
      this.#space.map(([name, dimension], i) => [name, drawn(parts[i]!, dimension, uniform(i + 1))]),
    );
  }
}

function normalOf(
  range: Extract<Dimension, { low: number }>,
  at: Value | undefined,
  count: number,
  dimensions: number,
): Part {
  const [from, to] = endsOf(range);
  const width = to - from;
  if (at === undefined) return { normal: { mean: (from + to) / 2, deviation: width, from, to } };
  const least = width / Math.min(100, count + 2);
  const deviation = Math.min(width, Math.max(least, usualWidth * count ** (-1 / (dimensions + 4)) * width));
  return { normal: { mean: onScale(range, at as number), deviation, from, to } };
}

function chancesOf(values: readonly Value[], at: Value | undefined, count: number): Part {
  const weights = values.map((value) => 1 / (count + 1) + (value === at ? 1 : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { chances: weights.map((weight) => weight / sum) };
}

function logChance(part: Part, dimension: Dimension, value: Value): number {
  if ("chances" in part)
    return Math.log(part.chances[(dimension as { values: readonly Value[] }).values.indexOf(value)]!);
  const range = dimension as Extract<Dimension, { low: number }>;
  const at = value as number;
  return range.whole
    ? Math.log(massOf(part.normal, onScale(range, lowerHalf(range, at)), onScale(range, at + 0.5)))
    : logDensityOf(part.normal, onScale(range, at));
}

/** The lower end of the numbers that round to a whole one; on a logarithmic scale, 0 has half of its distance to 0. */
function lowerHalf({ scale }: Extract<Dimension, { low: number }>, value: number): number {
  return value - (scale === "uniform" ? 0.5 : Math.min(0.5, value / 2));
}

function onScale({ scale }: Extract<Dimension, { low: number }>, value: number): number {
  return scale === "uniform" ? value : Math.log(value);
}

function drawn(part: Part, dimension: Dimension, u: number): Value {
  return "chances" in part
    ? (dimension as { values: readonly Value[] }).values[chosen(part.chances, u)]!
    : valueAt(dimension as Extract<Dimension, { low: number }>, placeOf(part.normal, u));
}

/** The index that a number in [0, 1) falls on, if each takes its chance of the way. */
function chosen(chances: readonly number[], u: number): number {
  let sum = 0;
  const found = chances.findIndex((chance) => (sum += chance) > u);
  return found < 0 ? chances.length - 1 : found;
}
