import tDistribution from "@stdlib/stats-base-dists-t-cdf";
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { mean, sampleVariance } from "simple-statistics";

/** The result of a Welch test: whether two means differ, and by how much. */
export interface WelchTest {
  /** mean(a) − mean(b) */
  readonly difference: number;
  /** The 95 % interval of the difference. */
  readonly low: number;
  readonly high: number;
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** The two-sided p value: how likely so large a difference is if the true means are equal. */
  readonly p: number;
}

/**
 * Welch's t test of two samples whose variances need not be equal, two-sided.
 *
 * t = (x̄ − ȳ) / √(s²ₓ/n + s²ᵧ/m), with the degrees of freedom of Welch & Satterthwaite. Welch 1947,
 * doi:10.1093/biomet/34.1-2.28.
 *
 * Undefined if a side has fewer than two values, or if neither side varies.
 */
export function welchTest(a: readonly number[], b: readonly number[]): WelchTest | undefined {
  if (a.length < 2 || b.length < 2) return undefined;
  const [u, v] = [sampleVariance([...a]) / a.length, sampleVariance([...b]) / b.length];
  if (!(u + v > 0)) return undefined;
  const error = Math.sqrt(u + v);
  const difference = mean([...a]) - mean([...b]);
  const degreesOfFreedom = (u + v) ** 2 / (u ** 2 / (a.length - 1) + v ** 2 / (b.length - 1));
  const t = difference / error;
  const reach = tQuantile(0.975, degreesOfFreedom) * error;
  return {
    difference,
    low: difference - reach,
    high: difference + reach,
    t,
    degreesOfFreedom,
    p: 2 * tDistribution(-Math.abs(t), degreesOfFreedom),
  };
}

/**
 * Holm's correction of p values for testing several hypotheses at once. Holm 1979, doi:10.2307/4615733.
 *
 * @example holm([0.01, 0.04, 0.03])  // [0.03, 0.06, 0.06]
 */
export function holm(ps: readonly number[]): number[] {
  const corrected = new Array<number>(ps.length).fill(1);
  let largest = 0;
  const order = ps.map((_, i) => i).toSorted((i, j) => ps[i]! - ps[j]!);
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[i]!));
    corrected[i] = largest;
  }
  return corrected;
}
