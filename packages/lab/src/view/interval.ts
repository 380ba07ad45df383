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
 * The 95 % interval of a mean, given the 0.975 quantile of Student's t for one degree of freedom less than there are
 * values. It is given, because the page that shows runs would be three times as large if it computed it.
 */
export function intervalWith(quantile: number | undefined, values: readonly number[]): Interval {
  const { mean, deviation } = momentsOf(values);
  return { mean, margin: quantile === undefined ? Infinity : quantile * (deviation / Math.sqrt(values.length)) };
}
