/** Rows of cells as text whose columns are aligned: to the left, or all but the first to the right if they are `numbers`. */
export function columns(rows: readonly (readonly string[])[], numbers = false): string {
  const widths = rows.reduce<number[]>((known, row) => row.map((text, i) => Math.max(known[i] ?? 0, text.length)), []);
  const cell = (text: string, i: number) => (numbers && i > 0 ? text.padStart(widths[i]!) : text.padEnd(widths[i]!));
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}
