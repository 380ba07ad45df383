import type { Interval } from "../statistics.ts";

/** A number as readable text: whole numbers with separators, other numbers to five digits. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return value.toString();
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4
    ? value.toExponential(3).replace(/\.?0+e/, "e")
    : Number(value.toPrecision(5)).toLocaleString("en", { maximumSignificantDigits: 5 });
}

/** A setting, or another value from a run's files, as text. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? value.toString() : showNumber(value);
  return value === undefined ? "" : JSON.stringify(value);
}

/** A p value for a table: `0.012`, or `< 0.0001`. */
export function showP(p: number): string {
  return p < 1e-4 ? "< 0.0001" : p.toPrecision(2);
}

/** A p value in a sentence: `p = 0.012`, or `p < 0.0001`. */
export function describeP(p: number): string {
  return p < 1e-4 ? "p < 0.0001" : `p = ${showP(p)}`;
}

/** A margin of this part of a figure is rounding. */
const rounding = 1e-12;

/** A figure with its margin, to the digits that the margin leaves meaningful. */
export function showInterval({ mean, margin }: Interval): string {
  if (!Number.isFinite(mean)) return String(mean);
  if (!Number.isFinite(margin)) return mean.toFixed(4);
  if (margin <= rounding * Math.abs(mean)) return String(Number(mean.toPrecision(6))); // the same for every seed
  const small = Math.max(Math.abs(mean), margin) < 1e-4;
  return `${showWithin(mean, margin)} ± ${small ? margin.toExponential(1) : showWithin(margin, margin, mean)}`;
}

/**
 * A figure to the digits that a margin leaves meaningful, and at most six of the figure or of `beside`. Very small
 * figures are written with an exponent.
 *
 * @example showWithin(4.37512, 0.0512)  // "4.375"
 */
export function showWithin(figure: number, margin: number, beside = figure): string {
  const size = Math.max(Math.abs(beside), margin);
  if (size > 0 && size < 1e-4) return figure.toExponential(2);
  const finest = Math.max(margin, 1e-5 * size);
  return figure.toFixed(finest > 0 ? Math.max(0, 1 - Math.floor(Math.log10(finest))) : 0);
}

/** A part of 1 in percent: `33 %`, `0.4 %`. */
export function showPercent(part: number): string {
  return `${Number((100 * part).toPrecision(part > 0.995 ? 3 : 2))} %`;
}
