import { meanInterval } from "../statistics.ts";

/** One metric over a run's steps, or over another axis. */
export interface Curve {
  readonly steps: number[];
  readonly values: number[];
}

/** The measurements in a bin: their middle on the axis, their mean, and the least and the greatest or an interval. */
export interface Bin {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A part of an axis that is divided into bins of equal width, or of equal ratio if it is logarithmic. */
export interface BinRange {
  readonly from: number;
  readonly count: number;
  /** The width of a bin, or the logarithm of the ratio of its ends. */
  readonly width: number;
  readonly axis: "steps" | "linear" | "log";
}

/**
 * Bins that cover an axis from `from` to `to`: at most `count`. Bins of steps have whole widths, so that as many steps
 * are in each; a step has a bin of its own if there are few.
 */
export function binRange(from: number, to: number, count: number, axis: BinRange["axis"] = "steps"): BinRange {
  if (axis === "log" && from > 0 && to > from) {
    const width = Math.log(to / from) / (count - 1);
    return { from: from * Math.exp(-width / 2), count, width, axis };
  }
  if (axis === "steps") {
    const width = Math.max(1, Math.ceil((to - from + 1) / count));
    return { from, count: Math.floor((to - from) / width) + 1, width, axis };
  }
  const width = (to - from) / (count - 1) || 1;
  return { from: from - width / 2, count, width, axis: "linear" };
}

/** The range that covers some curves. */
export function rangeOf(curves: readonly Curve[], count: number): BinRange {
  const ends = (of: (curve: Curve) => number) => curves.filter(({ steps }) => steps.length > 0).map(of);
  return binRange(Math.min(...ends(({ steps }) => steps[0]!)), Math.max(...ends(({ steps }) => steps.at(-1)!)), count);
}

/** The bin in which a place on the axis lies; it may be outside of the range. */
export function binAt({ from, width, axis }: BinRange, at: number): number {
  return Math.floor((axis === "log" ? Math.log(at / from) : at - from) / width);
}

/** The middles of all bins: of the steps that are in it, if the width is a number of steps. */
export function binSteps({ from, count, width, axis }: BinRange): number[] {
  const middle = (i: number) =>
    axis === "log" ? from * Math.exp((i + 0.5) * width) : from + i * width + (axis === "steps" ? width - 1 : width) / 2;
  return Array.from({ length: count }, (_, i) => middle(i));
}

/**
 * Divides a curve into bins, so that no peak is lost however few the points are. A bin without a finite value is
 * undefined.
 *
 * @example const bins = binned({ steps: [1, 2, 3, 4], values: [5, 1, 2, 4] }, binRange(1, 4, 2));
 * bins.map((bin) => bin?.high) // [5, 4]
 */
export function binned({ steps, values }: Curve, range: BinRange): (Bin | undefined)[] {
  const { count } = range;
  const [sums, counts] = [new Float64Array(count), new Uint32Array(count)];
  const [least, most] = [new Float64Array(count).fill(Infinity), new Float64Array(count).fill(-Infinity)];
  for (let i = 0; i < steps.length; i++) {
    const value = values[i]!;
    const bin = binAt(range, steps[i]!);
    if (!(bin >= 0 && bin < count) || !Number.isFinite(value)) continue;
    sums[bin]! += value;
    counts[bin]!++;
    if (value < least[bin]!) least[bin] = value;
    if (value > most[bin]!) most[bin] = value;
  }
  return binSteps(range).map((step, i) =>
    counts[i] === 0 ? undefined : { step, mean: sums[i]! / counts[i]!, low: least[i]!, high: most[i]! },
  );
}

/**
 * The mean over the seeds with its 95 % t interval, in each bin in which every seed has a finite value; a single seed
 * has no interval. No interval reaches below 0 if no value does. Seeds share their steps, but neither times nor tokens:
 * on such an axis a seed counts between two of its values, too.
 */
export function bandOf(curves: readonly Curve[], range: BinRange): (Bin | undefined)[] {
  const seeds = curves.map((curve) => binned(curve, range));
  const floor = seeds.every((bins) => bins.every((bin) => bin === undefined || bin.low >= 0)) ? 0 : -Infinity;
  const means = seeds.map((bins) => bins.map((bin) => bin?.mean));
  if (range.axis !== "steps") means.forEach(interpolate);
  return binSteps(range).map((step, i) => {
    const own = means.flatMap((values) => values[i] ?? []);
    if (own.length < Math.max(1, seeds.length)) return undefined;
    const { mean, margin } = meanInterval(own);
    const reach = own.length > 1 ? margin : 0;
    return { step, mean, low: Math.max(floor, mean - reach), high: mean + reach };
  });
}

/** Fills the gaps between values on the line from one to the next. */
function interpolate(values: (number | undefined)[]): void {
  let before = -1;
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue;
    for (let j = before + 1; before >= 0 && j < i; j++)
      values[j] = values[before]! + ((value - values[before]!) * (j - before)) / (i - before);
    before = i;
  }
}

/** Where on the axis a curve is not finite. */
export function notFinite({ steps, values }: Curve): number[] {
  return steps.filter((_, i) => !Number.isFinite(values[i]));
}
