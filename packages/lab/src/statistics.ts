import distribution from "@stdlib/stats-base-dists-t-cdf";
import quantile from "@stdlib/stats-base-dists-t-quantile";
import { intervalWith, type Interval } from "./view/interval.ts";

export { momentsOf, type Interval } from "./view/interval.ts";

/** A difference with a p value below this is called significant. */
export const significanceLevel = 0.05;

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
  return intervalWith(tQuantiles(values.length - 1).at(-1), values);
}

const known: number[] = [];

/** The 0.975 quantiles of Student's t for 1, 2, … degrees of freedom. */
export function tQuantiles(count: number): readonly number[] {
  while (known.length < count) known.push(quantile(0.975, known.length + 1));
  return known.slice(0, Math.max(0, count));
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
export function tTest({ distance, deviation, n }: Readonly<Record<"distance" | "deviation" | "n", number>>): number {
  return distance === 0 ? 1 : 2 * distribution(-(Math.abs(distance) / deviation) * Math.sqrt(n), n - 1);
}
