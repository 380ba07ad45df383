import type { Curve } from "./recorded-run.ts";

/** What was measured over some steps that lie beside one another. */
export interface Bin {
  /** The middle of its steps. */
  readonly step: number;
  /** Of the finite values. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** Which steps a curve is asked for, and how many of them make one bin. */
export interface BinRange {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

/** The bins that cover steps: as narrow as can be, but `count` at most. */
export function binRange(from: number, to: number, count: number): BinRange {
  return { from, to, width: Math.max(1, Math.ceil((to - from + 1) / count)) };
}

/** The middle steps of all bins of a range. */
export function binSteps({ from, to, width }: BinRange): number[] {
  return Array.from({ length: Math.floor((to - from) / width) + 1 }, (_, i) => from + i * width + (width - 1) / 2);
}

/**
 * A curve in bins of a few steps each, so that no peak is lost however few the points are; a bin without a finite value
 * is undefined.
 *
 * @example binned({ steps: [1, 2, 3, 4], values: [5, 1, 2, 4] }, { from: 1, to: 4, width: 2 }).map((bin) => bin?.most)  // [5, 4]
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
