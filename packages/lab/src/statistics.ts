import distribution from "@stdlib/stats-base-dists-t-cdf";
import quantile from "@stdlib/stats-base-dists-t-quantile";

/** A difference with a p value below this is called significant. */
export const significanceLevel = 0.05;

/** A mean and half the width of its 95 % interval: mean ± margin. */
export interface Interval {
  readonly mean: number;
  readonly margin: number;
}

/** The mean of some values, and their sample variance: Σ (x − x̄)² / (n − 1). */
export function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) };
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
  const { mean, variance } = momentsOf(values);
  return { mean, margin: n > 1 ? quantile(0.975, n - 1) * Math.sqrt(variance / n) : Infinity };
}

/**
 * The p value of Student's t test, two-sided, of n measurements whose mean is at a distance from a bound.
 *
 *   p = 2 · P(T ≤ −|distance| · √n / s), T with n − 1 degrees of freedom
 *
 * It is below 0.05 exactly if the bound lies outside of the 95 % interval of the mean.
 *
 * @example tTest({ distance: 2, variance: 1, n: 3 })  // 0.0742
 */
export function tTest({
  distance,
  variance,
  n,
}: {
  readonly distance: number;
  readonly variance: number;
  readonly n: number;
}): number {
  return distance === 0 ? 1 : 2 * distribution(-Math.abs(distance) / Math.sqrt(variance / n), n - 1);
}
