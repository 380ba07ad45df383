import { existsSync } from "node:fs";
import { join } from "node:path";
import { h } from "preact";
import { columns } from "../columns.ts";
import { chiefMetric, finalValue } from "../compare/groups.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { writeWhole } from "../run-folder.ts";
import { meanInterval } from "../statistics.ts";
import { documentOf } from "../view/document.ts";
import { showInterval, showNumber, showValue } from "../view/format.ts";
import { grouped } from "../view/grouped.ts";
import { parallelCoordinates } from "../view/parallel-coordinates.ts";
import { table } from "../view/parts.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";

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
  const groups = grouped(manifest.runs, (run) => JSON.stringify(names.map((name) => run.settings[name])));
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
  const cells = [[...names, metric ?? "", "seeds"], ...rows.map((row) => cellsOf(names, row))];
  const failed = rows.flatMap(({ runs }) => runs).filter(({ state }) => state === "failed");
  const why = failed.map(
    ({ folder, settings, error }) => `  ${folder} (${describePoint(settings)}): ${error?.split("\n")[0] ?? ""}`,
  );
  return [columns(cells), ...(why.length > 0 ? [`${why.length} failed:`, ...why] : [])].join("\n");
}

/** Writes the summary as `sweep.html` in the sweep's folder, and returns its path. @throws WriteError */
export async function writeSweepPage(
  folder: string,
  manifest: SweepManifest,
  { names, metric, rows }: SweepSummary,
): Promise<string> {
  const lines = rows.flatMap(({ settings, figures, runs }) =>
    figures.map((figure, i) => ({ name: runs[i]!.folder, values: settings, figure })),
  );
  const count = (state: SweepRun["state"]) => manifest.runs.filter((run) => run.state === state).length;
  const failed = manifest.runs.filter(({ state }) => state === "failed");
  const open = count("waiting") + count("running");
  const faint = (text: string) => h("p", { class: "faint" }, text);
  const { length } = names;
  const body = [
    h("h1", {}, `A sweep of ${manifest.name}`),
    h(
      "p",
      {},
      `${manifest.runs.length} runs: `,
      h("span", { class: "good" }, `${count("ended")} ended`),
      failed.length > 0 && [", ", h("span", { class: "bad" }, `${failed.length} failed`)],
      open > 0 && [", ", h("span", { class: "warn" }, `${open} to do`)],
      ".",
    ),
    metric !== undefined &&
      lines.length > 1 &&
      length > 0 && [
        h("h2", {}, "What the runs share"),
        h("figure", { class: "wide", tabIndex: 0 }, parallelCoordinates(names, metric, lines)),
        faint("A line for each run that ended with a finite figure."),
      ],
    h("h2", {}, "By settings"),
    table(
      [...names, metric ?? "result", "seeds"],
      rows.map((row) => cellsOf(names, row)),
      [length, length + 2],
    ),
    faint("The lowest mean over seeds first, with its 95 % t interval if there are several seeds."),
    failed.length > 0 && [
      h("h2", {}, "What failed"),
      failed.map((run) => [
        h("p", {}, h("b", {}, run.folder), " ", h("span", { class: "faint" }, describePoint(run.settings))),
        h("pre", {}, run.error ?? ""),
      ]),
    ],
  ];
  const path = join(folder, "sweep.html");
  await writeWhole(path, documentOf(`A sweep of ${manifest.name}`, body));
  return path;
}

/** A row of the table: settings, the figure, and how many of the seeds have one. */
function cellsOf(names: readonly string[], { settings, figures, runs }: SummaryRow): string[] {
  const [first] = figures;
  const figure =
    first === undefined ? "-" : figures.length === 1 ? showNumber(first) : showInterval(meanInterval(figures));
  return [...names.map((name) => showValue(settings[name])), figure, `${figures.length}/${runs.length}`];
}

function describePoint(settings: SweepRun["settings"]): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${showValue(value)}`)
    .join(", ");
}
