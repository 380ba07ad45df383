import { h, type ComponentChild } from "preact";
import { showPercent } from "./format.ts";

/** With fewer runs, nothing is said about the importance of settings. */
export const fewestRuns = 10;

/** Bars of how much each setting matters, the most important first. The parts sum to 1. */
export function importanceBars(parts: Readonly<Record<string, number>>): ComponentChild {
  const rows = Object.entries(parts).toSorted(([, a], [, b]) => b - a);
  return h(
    "table",
    { class: "importance" },
    h(
      "tbody",
      {},
      rows.map(([name, part]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name),
          h("td", { class: "number" }, showPercent(part)),
          h("td", { class: "bar" }, h("div", { style: { width: `${(100 * part).toFixed(1)}%` } })),
        ),
      ),
    ),
  );
}
