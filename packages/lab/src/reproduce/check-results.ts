import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { columns } from "../columns.ts";
import { changesBetween, provenanceOf } from "../experiment/provenance.ts";
import { measuredCode } from "./results-file.ts";

/** Why the results in an experiment's folder are stale. */
export interface CheckedResults {
  readonly name: string;
  /** The packages and files that have changed since they were measured; undefined if there are no results. */
  readonly changed: readonly string[] | undefined;
}

/** Compares the results in the folders of experiments with the code as it is now. Nothing is run. */
export async function checkResults(folders: readonly string[]): Promise<CheckedResults[]> {
  const known: Parameters<typeof provenanceOf>[2] = new Map();
  const checked: CheckedResults[] = [];
  for (const folder of folders) {
    const measured = await measuredCode(folder);
    const old = existsSync(join(folder, "RESULTS.md"))
      ? ["they do not say with what code they were measured"]
      : undefined;
    checked.push({
      name: basename(folder),
      changed: measured === undefined ? old : changesBetween(measured, provenanceOf(folder, measured.backend, known)),
    });
  }
  return checked;
}

/** A line for each experiment: whether its results are current, or what has changed since they were measured. */
export function describeChecked(checked: readonly CheckedResults[]): string {
  const rows = checked.map(({ name, changed }) => {
    const state = changed === undefined ? "none" : changed.length === 0 ? "current" : "stale";
    return [state, name, (changed ?? []).join(", ")];
  });
  const stale = checked.filter(({ changed }) => changed === undefined || changed.length > 0).length;
  const all = stale === 0 ? "all results are current" : `${stale} of ${checked.length} results are stale`;
  return `${columns(rows)}\n${all}`;
}
