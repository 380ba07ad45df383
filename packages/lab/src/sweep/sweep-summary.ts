import { existsSync } from "node:fs";
import { join } from "node:path";
import { importance, rungShares } from "@ansatz/search";
import { h } from "preact";
import { columns } from "../columns.ts";
import { chiefMetric, finalValue } from "../compare/groups.ts";
import { metricOf } from "../metrics.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { writeWhole } from "../run-folder.ts";
import { meanInterval } from "../statistics.ts";
import { documentOf } from "../view/document.ts";
import { showInterval, showNumber, showPercent, showValue } from "../view/format.ts";
import { grouped } from "../view/grouped.ts";
import { fewestRuns, importanceBars } from "../view/importance-bars.ts";
import { parallelCoordinates } from "../view/parallel-coordinates.ts";
import { table } from "../view/parts.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";
import { spaceOf } from "./plan.ts";

/** The runs of a sweep that differ only in their seeds, and their figures. */
export interface SummaryRow {
  readonly settings: Readonly<Record<string, unknown>>;
  /** The finite figures of the runs that have ended or, if the search has stopped the run early, its last one. */
  readonly figures: readonly number[];
  /** The share of their steps after which the figures are. */
  readonly share: number;
  readonly runs: readonly SweepRun[];
}

/** How much each setting matters for being among the best tenth of the runs, after a share of their steps. */
export interface SettingImportance {
  readonly share: number;
  readonly settings: Readonly<Record<string, number>>;
}

/** The results of a sweep. */
export interface SweepSummary {
  /** The settings with several values, without the seed. */
  readonly names: readonly string[];
  readonly metric: string | undefined;
  /** Runs that have ended first, the best mean at their head; then those that were stopped early; the others last. */
  readonly rows: readonly SummaryRow[];
  /** Undefined if there are too few runs to tell. */
  readonly importance: SettingImportance | undefined;
}

/**
 * Reads the results of a sweep's runs. `named` is the metric to judge by, with a "+" before it if it is best when it is
 * highest. Default: that of the search, or else the first of the results.
 */
export async function summarizeSweep(folder: string, manifest: SweepManifest, named?: string): Promise<SweepSummary> {
  const { search, axes, runs: all } = manifest;
  const records = new Map<SweepRun, RecordedRun>();
  for (const run of all)
    if (existsSync(join(folder, run.folder, "result.json")))
      records.set(run, await readRecordedRun(join(folder, run.folder)));
  const asked = named === undefined ? search : metricOf(named);
  const metric = asked?.metric ?? chiefMetric([...records.values()]);
  const sign = asked?.highest === true ? -1 : 1;
  const varied = axes.filter((axis) => axis.name !== "seed" && (!("values" in axis) || axis.values.length > 1));
  const names = varied.map(({ name }) => name);
  const ownMetric = metric === search?.metric;
  const figureOf = (run: SweepRun): number | undefined => {
    const record = records.get(run);
    if (record !== undefined) return metric === undefined ? undefined : finalValue(record, metric);
    return run.state === "paused" && ownMetric ? (run.measured?.at(-1)?.value ?? undefined) : undefined;
  };
  const groups = grouped(all, (run) => JSON.stringify(names.map((name) => run.settings[name])));
  const rows = [...groups.values()].map((runs): SummaryRow => ({
    settings: Object.fromEntries(names.map((name) => [name, runs[0]!.settings[name]])),
    runs,
    share: runs.some(({ state }) => state === "paused") ? (runs[0]!.measured?.at(-1)?.share ?? 1) : 1,
    figures: runs.map(figureOf).filter((value) => value !== undefined && Number.isFinite(value)) as number[],
  }));
  const order = ({ figures }: SummaryRow) => (figures.length === 0 ? Infinity : sign * meanInterval(figures).mean);
  const known = ({ figures, share }: SummaryRow) => (figures.length === 0 ? 0 : share);
  // Figures of runs that were stopped early are compared where all runs have been.
  const share = search?.kind === "asha" ? rungShares(search.rungs, search.reduction)[0]! : 1;
  const outcomes = all.flatMap(({ settings, state, measured = [] }, i) => {
    const first = measured.find((one) => one.share >= share);
    const value = state === "failed" ? Infinity : share < 1 && ownMetric ? first?.value : figureOf(all[i]!);
    return value === undefined ? [] : [{ point: settings, value: value === null ? Infinity : sign * value }];
  });
  return {
    names,
    metric,
    rows: rows.toSorted((a, b) => known(b) - known(a) || order(a) - order(b) || 0),
    importance:
      outcomes.length < fewestRuns || names.length < 2
        ? undefined
        : { share, settings: importance(spaceOf(varied), outcomes) },
  };
}

/** The summary as text: a table, what matters, and the runs that failed. */
export function describeSweep(summary: SweepSummary): string {
  const { names, metric, rows, importance: matters } = summary;
  const cells = [headOf(summary), ...rows.map((row) => cellsOf(names, row, hasShares(summary)))];
  const failed = rows.flatMap(({ runs }) => runs).filter(({ state }) => state === "failed");
  const why = failed.map(
    ({ folder, settings, error }) => `  ${folder} (${describePoint(settings)}): ${error?.split("\n")[0] ?? ""}`,
  );
  return [
    columns(cells),
    ...(matters === undefined ? [] : [`what matters for a good ${metric ?? "figure"}: ${describeImportance(matters)}`]),
    ...(why.length > 0 ? [`${why.length} failed:`, ...why] : []),
  ].join("\n");
}

/** The settings, the most important first: `learningRate 81 %, width 19 %`. */
function describeImportance({ settings, share }: SettingImportance): string {
  const parts = Object.entries(settings).toSorted(([, a], [, b]) => b - a);
  const text = parts.map(([name, part]) => `${name} ${showPercent(part)}`).join(", ");
  return share < 1 ? `${text}, after ${showPercent(share)} of the steps` : text;
}

/** Writes the summary as `sweep.html` in the sweep's folder, and returns its path. @throws WriteError */
export async function writeSweepPage(folder: string, manifest: SweepManifest, summary: SweepSummary): Promise<string> {
  const { names, metric, rows, importance: matters } = summary;
  const lines = rows.flatMap(({ settings, figures, runs, share }) =>
    figures.map((figure, i) => ({ name: runs[i]!.folder, values: settings, figure, share })),
  );
  const full = lines.filter(({ share }) => share === 1);
  const count = (...states: SweepRun["state"][]) => manifest.runs.filter((run) => states.includes(run.state)).length;
  const failed = manifest.runs.filter(({ state }) => state === "failed");
  const open = count("waiting", "running");
  const faint = (text: string) => h("p", { class: "faint" }, text);
  const { length } = names;
  const body = [
    h("h1", {}, `A sweep of ${manifest.name}`),
    h(
      "p",
      {},
      `${manifest.runs.length} runs: `,
      h("span", { class: "good" }, `${count("ended")} ended`),
      count("paused") > 0 && `, ${count("paused")} stopped early`,
      failed.length > 0 && [", ", h("span", { class: "bad" }, `${failed.length} failed`)],
      open > 0 && [", ", h("span", { class: "warn" }, `${open} to do`)],
      ".",
    ),
    metric !== undefined &&
      full.length > 1 &&
      length > 0 && [
        h("h2", {}, "What the runs share"),
        h("figure", { class: "wide", tabIndex: 0 }, parallelCoordinates(names, metric, full)),
        faint("A line for each run that ended with a finite figure."),
      ],
    matters !== undefined && [
      h("h2", {}, "What matters"),
      importanceBars(matters.settings),
      faint(
        `How much each setting matters for being among the best tenth by ${metric ?? "the figure"}` +
          (matters.share < 1 ? ` after ${showPercent(matters.share)} of the steps` : "") +
          ": PED-ANOVA, in parts of 100 %.",
      ),
    ],
    h("h2", {}, "By settings"),
    table(
      headOf(summary),
      rows.map((row) => cellsOf(names, row, hasShares(summary))),
      [length, length + 2],
    ),
    faint("The best mean over seeds first, with its 95 % t interval if there are several seeds."),
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

/** Whether some runs were stopped early. */
function hasShares({ rows }: SweepSummary): boolean {
  return rows.some(({ share }) => share < 1);
}

function headOf(summary: SweepSummary): string[] {
  return [...summary.names, summary.metric ?? "", hasShares(summary) ? "steps" : "seeds"];
}

/** A row of the table: settings, the figure, and how many seeds have one or how far the run is. */
function cellsOf(names: readonly string[], { settings, figures, runs, share }: SummaryRow, shares: boolean): string[] {
  const [first] = figures;
  const figure =
    first === undefined ? "-" : figures.length === 1 ? showNumber(first) : showInterval(meanInterval(figures));
  const reach = shares ? (first === undefined ? "-" : showPercent(share)) : `${figures.length}/${runs.length}`;
  return [...names.map((name) => showValue(settings[name])), figure, reach];
}

/** The settings of a run in a line: `learningRate 0.001, width 64`. */
export function describePoint(settings: SweepRun["settings"]): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${showValue(value)}`)
    .join(", ");
}
