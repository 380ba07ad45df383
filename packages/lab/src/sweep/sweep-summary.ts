import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "@ansatz/data";
import { chiefMetric, finalValue } from "../compare/groups.ts";
import { showNumber, showValue } from "../report/format.ts";
import { html } from "../report/html.ts";
import { page } from "../report/page.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { meanInterval } from "../statistics.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";
import { drawParallelCoordinates } from "./parallel-coordinates.ts";

/** The runs of a sweep that differ only in their seeds, and their figures. */
export interface SummaryRow {
  readonly settings: Readonly<Record<string, unknown>>;
  /** The finite figures of the runs that have ended. */
  readonly figures: readonly number[];
  readonly runs: readonly SweepRun[];
}

/** The results of a sweep. */
export interface SweepSummary {
  /** The settings with several values, without the seed. */
  readonly names: readonly string[];
  readonly metric: string | undefined;
  /** The rows with the lowest mean first, those without a figure last. */
  readonly rows: readonly SummaryRow[];
}

/** Reads the results of a sweep's runs. */
export async function summarizeSweep(folder: string, manifest: SweepManifest, metric?: string): Promise<SweepSummary> {
  const records = new Map<SweepRun, RecordedRun>();
  for (const run of manifest.runs)
    if (existsSync(join(folder, run.folder, "result.json")))
      records.set(run, await readRecordedRun(join(folder, run.folder)));
  const chosen = metric ?? chiefMetric([...records.values()]);
  const names = manifest.axes
    .filter((axis) => axis.name !== "seed" && (!("values" in axis) || axis.values.length > 1))
    .map(({ name }) => name);
  const groups = new Map<string, SweepRun[]>();
  for (const run of manifest.runs) {
    const key = JSON.stringify(names.map((name) => run.settings[name]));
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const rows = [...groups.values()].map((runs): SummaryRow => ({
    settings: Object.fromEntries(names.map((name) => [name, runs[0]!.settings[name]])),
    runs,
    figures: runs.flatMap((run) => {
      const record = records.get(run);
      const value = record === undefined || chosen === undefined ? undefined : finalValue(record, chosen);
      return value !== undefined && Number.isFinite(value) ? [value] : [];
    }),
  }));
  const order = ({ figures }: SummaryRow) => (figures.length === 0 ? Infinity : meanInterval(figures).mean);
  return { names, metric: chosen, rows: rows.toSorted((a, b) => order(a) - order(b) || 0) };
}

/** The summary as text: a table, and the runs that failed. */
export function describeSweep({ names, metric, rows }: SweepSummary): string {
  const cells = [
    [...names, metric ?? "", "seeds"],
    ...rows.map(({ settings, figures, runs }) => [
      ...names.map((name) => showValue(settings[name])),
      figureOf(figures),
      `${figures.length}/${runs.length}`,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const table = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  const failed = rows.flatMap(({ runs }) => runs).filter(({ state }) => state === "failed");
  return [
    ...table,
    ...(failed.length === 0
      ? []
      : [
          `${failed.length} failed:`,
          ...failed.map(
            ({ folder, settings, error }) => `  ${folder} (${describePoint(settings)}): ${error?.split("\n")[0] ?? ""}`,
          ),
        ]),
  ].join("\n");
}

/** Writes the summary as `sweep.html` in the sweep's folder, and returns its path. @throws WriteError */
export async function writeSweepPage(
  folder: string,
  manifest: SweepManifest,
  { names, metric, rows }: SweepSummary,
): Promise<string> {
  const lines = rows.flatMap(({ settings, figures }) => figures.map((figure) => ({ values: settings, figure })));
  const chart =
    metric !== undefined && lines.length > 1 && names.length > 0
      ? await drawParallelCoordinates(names, metric, lines)
      : undefined;
  const count = (state: SweepRun["state"]) => manifest.runs.filter((run) => run.state === state).length;
  const failed = manifest.runs.filter(({ state }) => state === "failed");
  const open = count("waiting") + count("running");
  const toDo = open > 0 && html`, <span class="warn">${open} to do</span>`;
  const body = html`<h1>A sweep of ${manifest.name}</h1>
    <p>
      ${manifest.runs.length} runs:
      <span class="good">${count("ended")} ended</span
      >${failed.length > 0 && html`, <span class="bad">${failed.length} failed</span>`}${toDo}.
    </p>
    ${
      chart !== undefined &&
      html`<h2>What the runs share</h2>
        <figure class="wide">
          ${chart}
          <figcaption>A line for each run that ended with a finite figure.</figcaption>
        </figure>`
    }
    <h2>By settings</h2>
    <div class="wide">
      <table>
        <tr>
          ${names.map((name) => html`<th>${name}</th>`)}
          <th class="number">${metric ?? "result"}</th>
          <th class="number">seeds</th>
        </tr>
        ${rows.map(
          ({ settings, figures, runs }) =>
            html`<tr>
              ${names.map((name) => html`<td>${showValue(settings[name])}</td>`)}
              <td class="number">${figureOf(figures)}</td>
              <td class="number">${figures.length} of ${runs.length}</td>
            </tr>`,
        )}
      </table>
    </div>
    <p class="faint">The lowest mean over seeds first, with its 95 % t interval if there are several seeds.</p>
    ${
      failed.length > 0 &&
      html`<h2>What failed</h2>
        ${failed.map(
          (run) =>
            html`<p><b>${run.folder}</b> <span class="faint">${describePoint(run.settings)}</span></p>
              <pre>${run.error ?? ""}</pre>`,
        )}`
    }`;
  const path = join(folder, "sweep.html");
  await writeAtomically(path, [new TextEncoder().encode(page(`A sweep of ${manifest.name}`, body))]);
  return path;
}

function figureOf(figures: readonly number[]): string {
  if (figures.length === 0) return "-";
  const { mean, margin } = meanInterval(figures);
  return figures.length === 1 ? showNumber(mean) : `${showNumber(mean)} ± ${showNumber(margin)}`;
}

function describePoint(settings: SweepRun["settings"]): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${showValue(value)}`)
    .join(", ");
}
