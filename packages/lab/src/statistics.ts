import quantile from "@stdlib/stats-base-dists-t-quantile";

/** A mean and half the width of its 95 % interval: mean ± margin. */
export interface Interval {
  readonly mean: number;
  readonly margin: number;
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
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, margin: n > 1 ? quantile(0.975, n - 1) * Math.sqrt(variance / n) : Infinity };
}
