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
