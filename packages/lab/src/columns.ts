/** Rows of cells as text with aligned columns: to the left, or if they are `numbers` all but the first to the right. */
export function columns(rows: readonly (readonly string[])[], numbers = false): string {
  const widths = rows.reduce<number[]>((known, row) => row.map((text, i) => Math.max(known[i] ?? 0, text.length)), []);
  const cell = (text: string, i: number) => (numbers && i > 0 ? text.padStart(widths[i]!) : text.padEnd(widths[i]!));
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}
