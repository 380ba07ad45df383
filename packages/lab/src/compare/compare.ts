import { join, relative, sep } from "node:path";
import { h, type ComponentChild, type ComponentChildren } from "preact";
import { ArgumentError } from "@ansatz/core";
import { nearest } from "@ansatz/core/plugin";
import { drawBands, quantityOf } from "../report/curves.ts";
import { findRuns } from "../report/find-runs.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { RunError, writeWhole } from "../run-folder.ts";
import { meanInterval } from "../statistics.ts";
import { documentOf } from "../view/document.ts";
import { showInterval, showNumber, showValue } from "../view/format.ts";
import { table } from "../view/parts.ts";
import { chiefMetric, finalValue, groupRuns, type RunGroup } from "./groups.ts";
import { finalValues, testPairs, type Judgement } from "./significance.ts";

/** How many judgements are unfolded. */
const judgementsShown = 5;

/** The result of a comparison. */
export interface RunComparison {
  readonly metric: string;
  readonly groups: readonly RunGroup<RecordedRun>[];
  readonly judgements: readonly Judgement[];
}

export interface CompareOptions {
  /** The figure to test. Default: the first figure of the results. */
  readonly metric?: string | undefined;
}

/**
 * Compares runs: groups them by the settings that differ, and tests the final figure of every pair of groups.
 *
 * A folder is either that of one run, or stands for all runs below it.
 *
 * @throws RunError for a folder without runs; ArgumentError for a figure that no run has
 * @example await compareRuns(["no/such/runs"])  // throws
 */
export async function compareRuns(folders: readonly string[], options: CompareOptions = {}): Promise<RunComparison> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const all = await findRuns(folder);
      // The runs that chose a setting are not among those that are compared.
      const runs = all.filter((run) => !relative(folder, run).split(sep).includes("tuning"));
      if (runs.length === 0)
        throw new RunError(
          `there is no run in ${folder} or below it\n` +
            "  name a folder such as runs/EXPERIMENT/1, or runs/EXPERIMENT for all of its runs",
        );
      return runs;
    }),
  );
  const runs = await Promise.all([...new Set(found.flat().map((folder) => join(folder)))].map(readRecordedRun));
  return judged(runs, options.metric);
}

function judged(runs: readonly RecordedRun[], wanted: string | undefined): RunComparison {
  const known = new Set(runs.flatMap((run) => [...Object.keys(run.result ?? {}), ...run.curves.keys()]));
  if (wanted !== undefined && !known.has(wanted)) {
    const guess = nearest(wanted, known);
    throw new ArgumentError(
      `no run has measured "${wanted}"\n` +
        `  ${guess === undefined ? `the figures are ${[...known].join(", ")}` : `did you mean ${guess}?`}`,
    );
  }
  const metric = wanted ?? chiefMetric(runs);
  if (metric === undefined)
    throw new ArgumentError("these runs have no figure in common\n  name one that some of them have: --metric NAME");
  const groups = groupRuns(runs);
  return { metric, groups, judgements: testPairs(groups, metric) };
}

/**
 * Writes a comparison as one self-contained HTML file: curves with seed bands, the settings that differ, and which
 * differences are significant.
 *
 * @throws WriteError
 * @example const comparison = { metric: "loss", groups: [], judgements: [] };
 * await writeComparison("no/such/folder/comparison.html", comparison) // throws
 */
export async function writeComparison(path: string, comparison: RunComparison): Promise<void> {
  const names = new Set(comparison.groups.flatMap(({ runs }) => runs.flatMap(({ curves }) => [...curves.keys()])));
  const rank = (name: string) =>
    name === comparison.metric ? 0 : quantityOf(name) === quantityOf(comparison.metric) ? 1 : 2;
  const charts = await Promise.all(
    [...names]
      .filter((name) => !name.endsWith("PerSecond"))
      .toSorted((a, b) => rank(a) - rank(b))
      .map((name) => {
        const curvesOf = (runs: readonly RecordedRun[]) => runs.flatMap(({ curves }) => curves.get(name) ?? []);
        const measured = comparison.groups.map(({ label, runs }) => ({ label, curves: curvesOf(runs) }));
        return drawBands(
          name,
          measured.filter(({ curves }) => curves.length > 0),
        );
      }),
  );
  await writeWhole(path, documentOf("A comparison of runs", bodyOf(comparison, charts)));
}

function bodyOf({ metric, groups, judgements }: RunComparison, charts: readonly ComponentChild[]): ComponentChildren {
  const columns = Object.keys(groups[0]!.differing);
  const count = groups.reduce((sum, { runs }) => sum + runs.length, 0);
  const repeated = groups.flatMap((group) => group.repeated).map(({ name }) => name);
  const grouping =
    groups.length === 1
      ? "They differ only in their seeds."
      : `${groups.length} groups; the runs of a group differ only in their seeds.`;
  const leftOut =
    repeated.length > 0 && ` Left out, because a later run has the same settings and seed: ${repeated.join(", ")}.`;
  const sentences = judgements.map(({ sentence }) => h("p", {}, sentence));
  const more = sentences.length - judgementsShown;
  const faint = (...text: ComponentChildren[]) => h("p", { class: "faint" }, text);
  const cells = (group: RunGroup<RecordedRun>) => columns.map((name) => showValue(group.differing[name]));
  const seeds = columns.length;
  return [
    h("h1", {}, `Is there a difference in ${metric}?`),
    sentences.slice(0, judgementsShown),
    groups.length === 1 && h("p", {}, "There is only one group, so there is nothing to test."),
    more > 0 &&
      h("details", {}, h("summary", {}, `${more} more pairs, with larger p values`), sentences.slice(judgementsShown)),
    h("div", { class: "charts" }, charts),
    h("h2", {}, `A comparison of ${count} runs`),
    faint(grouping, leftOut),
    table(
      [...columns, "seeds", metric],
      groups.map((group) => [...cells(group), ...summary(group, metric)]),
      [seeds, seeds + 2],
    ),
    h("h2", {}, "The runs"),
    table(
      ["run", ...columns, "seed", metric, "state"],
      groups.flatMap((group) =>
        group.runs.map((run) => [
          run.name,
          ...cells(group),
          showValue(run.settings["seed"]),
          finalOf(run, metric),
          h("span", { class: run.result === undefined ? "warn" : "" }, showValue(run.status["state"])),
        ]),
      ),
      [seeds + 2, seeds + 3],
    ),
  ];
}

function finalOf(run: RecordedRun, metric: string): string {
  const value = finalValue(run, metric);
  return value === undefined ? "" : showNumber(value);
}

/** How many seeds have a finite figure, and their mean with its interval. */
function summary(group: RunGroup<RecordedRun>, metric: string): ComponentChildren[] {
  const values = finalValues(group, metric);
  const lost = group.runs.length - values.length;
  return [
    [values.length, lost > 0 && h("span", { class: "bad" }, ` (${lost} without a finite value)`)],
    values.length > 0 && showInterval(meanInterval(values)),
  ];
}
