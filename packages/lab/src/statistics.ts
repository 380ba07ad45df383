import distribution from "@stdlib/stats-base-dists-t-cdf";
import quantile from "@stdlib/stats-base-dists-t-quantile";

/** A difference with a p value below this is called significant. */
export const significanceLevel = 0.05;

/** A mean and half the width of its 95 % interval: mean ± margin. */
export interface Interval {
  readonly mean: number;
  readonly margin: number;
}

/**
 * The mean of some values, and their sample standard deviation: √(Σ (x − x̄)² / (n − 1)).
 *
 * They are computed in units of a power of two near the largest value, so that no square underflows or overflows.
 */
export function momentsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const n = values.length;
  const largest = Math.max(...values.map(Math.abs));
  const unit = largest === 0 ? 1 : 2 ** Math.min(1023, Math.floor(Math.log2(largest)));
  const scaled = values.map((value) => value / unit);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / n;
  const variance = scaled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean: unit * mean, deviation: unit * Math.sqrt(variance) };
}

/**
 * The 95 % confidence interval of a mean, from independent measurements. Student 1908.
 *
 *   x̄ ± t(0.975, n − 1) · s / √n
 *
 * The margin of a single measurement is infinite.
 *
 * @example meanInterval([1, 2, 3])  // { mean: 2, margin: 2.4841 }
 */
export function meanInterval(values: readonly number[]): Interval {
  const n = values.length;
  const { mean, deviation } = momentsOf(values);
  return { mean, margin: n > 1 ? quantile(0.975, n - 1) * (deviation / Math.sqrt(n)) : Infinity };
}

/**
 * The p value of Student's t test, two-sided, of n measurements whose mean is at a distance from a bound.
 *
 *   p = 2 · P(T ≤ −|distance| · √n / s), T with n − 1 degrees of freedom
 *
 * It is below 0.05 exactly if the bound lies outside of the 95 % interval of the mean.
 *
 * @example tTest({ distance: 2, deviation: 1, n: 3 })  // 0.0742
 */
export function tTest({
  distance,
  deviation,
  n,
}: {
  readonly distance: number;
  readonly deviation: number;
  readonly n: number;
}): number {
  return distance === 0 ? 1 : 2 * distribution(-(Math.abs(distance) / deviation) * Math.sqrt(n), n - 1);
}
