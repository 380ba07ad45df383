import type { Curve } from "./run-record.ts";

/** Points of a curve that lie beside one another, as one. */
export interface Bucket {
  /** The middle of its first and last step. */
  readonly step: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/**
 * A curve in at most `count` buckets of equally many points, so that no peak is lost however few there are.
 *
 * What is not finite counts for nothing; a bucket of nothing else is left out.
 *
 * @example bucketsOf({ steps: [1, 2, 3, 4], values: [5, 1, 2, 4] }, 2).map(({ most }) => most)  // [5, 4]
 */
export function bucketsOf({ steps, values }: Curve, count: number, from = 0, to = steps.length): Bucket[] {
  const buckets: Bucket[] = [];
  const length = Math.max(1, (to - from) / count);
  for (let start = from; Math.round(start) < to; start += length) {
    const [first, end] = [Math.round(start), Math.min(to, Math.round(start + length))];
    let [sum, finite, least, most] = [0, 0, Infinity, -Infinity];
    for (let i = first; i < end; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      finite++;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (finite > 0) buckets.push({ step: (steps[first]! + steps[end - 1]!) / 2, mean: sum / finite, least, most });
  }
  return buckets;
}
