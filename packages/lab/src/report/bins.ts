import type { Curve } from "./recorded-run.ts";

/** The measurements of some consecutive steps. */
export interface Bin {
  /** The middle of the steps. */
  readonly step: number;
  /** The mean of the finite values. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** The steps that bins cover, and how many steps make one bin. */
export interface BinRange {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/** Bins that cover the steps from `from` to `to`: as narrow as possible, but at most `count`. */
export function binRange(from: number, to: number, count: number): BinRange {
  return { from, to, width: Math.max(1, Math.ceil((to - from + 1) / count)) };
}

/** The middle steps of all bins. */
export function binSteps({ from, to, width }: BinRange): number[] {
  return Array.from({ length: Math.floor((to - from) / width) + 1 }, (_, i) => from + i * width + (width - 1) / 2);
}

/**
 * Divides a curve into bins of a few steps each, so that no peak is lost however few the points are. A bin without a
 * finite value is undefined.
 *
 * @example const bins = binned({ steps: [1, 2, 3, 4], values: [5, 1, 2, 4] }, { from: 1, to: 4, width: 2 });
 * bins.map((bin) => bin?.most) // [5, 4]
 */
export function binned({ steps, values }: Curve, range: BinRange): (Bin | undefined)[] {
  const middles = binSteps(range);
  const [sums, counts] = [new Float64Array(middles.length), new Uint32Array(middles.length)];
  const [least, most] = [
    new Float64Array(middles.length).fill(Infinity),
    new Float64Array(middles.length).fill(-Infinity),
  ];
  for (let i = 0; i < steps.length; i++) {
    const value = values[i]!;
    const bin = Math.floor((steps[i]! - range.from) / range.width);
    if (bin < 0 || bin >= middles.length || !Number.isFinite(value)) continue;
    sums[bin]! += value;
    counts[bin]!++;
    if (value < least[bin]!) least[bin] = value;
    if (value > most[bin]!) most[bin] = value;
  }
  return middles.map((step, i) =>
    counts[i] === 0 ? undefined : { step, mean: sums[i]! / counts[i]!, least: least[i]!, most: most[i]! },
  );
}
