import cdf from "@stdlib/stats-base-dists-normal-cdf";
import quantile from "@stdlib/stats-base-dists-normal-quantile";

/** A normal distribution that is cut off outside of a range in which its mean lies. */
export interface TruncatedNormal {
  readonly mean: number;
  readonly deviation: number;
  readonly from: number;
  readonly to: number;
}

/** The probability of the part from `low` to `high` of the range. */
export function massOf({ mean, deviation, from, to }: TruncatedNormal, low: number, high: number): number {
  const [a, b] = [Math.max(low, from), Math.min(high, to)];
  return (
    between((a - mean) / deviation, (b - mean) / deviation) /
    between((from - mean) / deviation, (to - mean) / deviation)
  );
}

/** The logarithm of the density at a place in the range: log φ((x − μ) / σ) − log σ − log(Φ(b) − Φ(a)). */
export function logDensityOf({ mean, deviation, from, to }: TruncatedNormal, at: number): number {
  const z = (at - mean) / deviation;
  const whole = between((from - mean) / deviation, (to - mean) / deviation);
  return -(z * z) / 2 - Math.log(2 * Math.PI) / 2 - Math.log(deviation) - Math.log(whole);
}

/** The place below which the probability is u. */
export function placeOf({ mean, deviation, from, to }: TruncatedNormal, u: number): number {
  const [below, above] = [cdf((from - mean) / deviation, 0, 1), cdf((to - mean) / deviation, 0, 1)];
  return Math.min(to, Math.max(from, mean + deviation * quantile(below + u * (above - below), 0, 1)));
}

/** Φ(b) − Φ(a), without the loss of digits that the upper tail would have. */
function between(a: number, b: number): number {
  return a > 0 ? cdf(-a, 0, 1) - cdf(-b, 0, 1) : cdf(b, 0, 1) - cdf(a, 0, 1);
}
