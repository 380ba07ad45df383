import { join, relative, sep } from "node:path";
import { ArgumentError } from "@ansatz/core";
import { nearest } from "@ansatz/core/plugin";
import { writeAtomically } from "@ansatz/data";
import { findRuns } from "../report/find-runs.ts";
import { showNumber, showValue } from "../report/format.ts";
import { html, type Html } from "../report/html.ts";
import { page } from "../report/page.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { RunError } from "../run-folder.ts";
import { meanInterval } from "../statistics.ts";
import { drawBands } from "./bands.ts";
import { chiefMetric, finalValue, groupRuns, type RunGroup } from "./groups.ts";
import { finalValues, testPairs, type Judgement } from "./significance.ts";

/** How many judgements are written out. */
const judgementsShown = 30;

/** The result of a comparison. */
export interface RunComparison {
  readonly metric: string;
  readonly groups: readonly RunGroup[];
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
  const charts = await Promise.all([...names].map((name) => drawBands(name, comparison.groups)));
  await writeAtomically(path, [new TextEncoder().encode(page("A comparison of runs", bodyOf(comparison, charts)))]);
}

function bodyOf({ metric, groups, judgements }: RunComparison, charts: readonly Html[]): Html {
  const columns = Object.keys(groups[0]!.differing);
  const count = groups.reduce((sum, { runs }) => sum + runs.length, 0);
  const repeated = groups.flatMap((group) => group.repeated).map(({ name }) => name);
  const grouping =
    groups.length === 1
      ? "They differ only in their seeds."
      : `${groups.length} groups; the runs of a group differ only in their seeds.`;
  const leftOut =
    repeated.length > 0 && ` Left out, because a later run has the same settings and seed: ${repeated.join(", ")}.`;
  const more = judgements.length - judgementsShown;
  const cells = (group: RunGroup) => columns.map((name) => html`<td>${showValue(group.differing[name])}</td>`);
  return html`<h1>A comparison of ${count} runs</h1>
    <p class="faint">${grouping}${leftOut}</p>
    <h2>Is there a difference in ${metric}?</h2>
    ${
      groups.length === 1
        ? html`<p>There is only one group, so there is nothing to test.</p>`
        : judgements.slice(0, judgementsShown).map(({ sentence }) => html`<p>${sentence}</p>`)
    }
    ${more > 0 && html`<p class="faint">${more} more pairs, all with larger p values.</p>`}
    <div class="wide">
      <table>
        <tr>
          ${columns.map((name) => html`<th>${name}</th>`)}
          <th class="number">seeds</th>
          <th class="number">${metric}</th>
          <th class="number">95 % interval</th>
        </tr>
        ${groups.map(
          (group) =>
            html`<tr>
              ${cells(group)}${summary(group, metric)}
            </tr>`,
        )}
      </table>
    </div>
    <h2>Curves</h2>
    <div class="charts">${charts}</div>
    <h2>The runs</h2>
    <div class="wide">
      <table>
        <tr>
          <th>run</th>
          ${columns.map((name) => html`<th>${name}</th>`)}
          <th>seed</th>
          <th class="number">${metric}</th>
          <th></th>
        </tr>
        ${groups.flatMap((group) =>
          group.runs.map(
            (run) =>
              html`<tr>
                <td>${run.name}</td>
                ${cells(group)}
                <td>${showValue(run.settings["seed"])}</td>
                <td class="number">${finalOf(run, metric)}</td>
                <td>
                  ${run.result === undefined && html`<span class="warn">${showValue(run.status["state"])}</span>`}
                </td>
              </tr>`,
          ),
        )}
      </table>
    </div>`;
}

function finalOf(run: RecordedRun, metric: string): string {
  const value = finalValue(run, metric);
  return value === undefined ? "" : showNumber(value);
}

function summary(group: RunGroup, metric: string): Html {
  const values = finalValues(group, metric);
  const { mean, margin } = meanInterval(values);
  const lost = group.runs.length - values.length;
  return html`<td class="number">
      ${values.length}${lost > 0 && html` <span class="bad">(${lost} without a finite value)</span>`}
    </td>
    <td class="number">${values.length > 0 && showNumber(mean)}</td>
    <td class="number">${values.length > 1 && `± ${showNumber(margin)}`}</td>`;
}
