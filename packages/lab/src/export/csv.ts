import { stringify } from "csv-stringify/sync";
import type { MetricsTable } from "./table.ts";

/**
 * A table as CSV (RFC 4180), with the names in the first line. A value that was not measured is empty; one that is not
 * finite is NaN, Infinity or -Infinity.
 */
export function toCsv({ steps, columns }: MetricsTable): string {
  const cells = [...columns.values()];
  return stringify([
    ["step", ...columns.keys()],
    ...steps.map((step, i) =>
      [step, ...cells.map((column) => column[i])].map((cell) => (cell === undefined ? "" : String(cell))),
    ),
  ]);
}
