/**
 * An exponential moving average, corrected for the bias at its start: sₜ = (1 − α) Σ αᵏ xₜ₋ₖ / (1 − αᵗ).
 *
 * Values that are not finite are skipped: the average stays as it was.
 *
 * @example smoothed([1, 2, NaN], 0.5)  // [1, 1.6667, 1.6667]
 */
export function smoothed(values: readonly number[], factor: number): number[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (Number.isFinite(value)) {
      sum = factor * sum + (1 - factor) * value;
      weight = factor * weight + (1 - factor);
    }
    return weight === 0 ? NaN : sum / weight;
  });
}
