import { showValue } from "../report/format.ts";
import { recordedNumber } from "../report/parse-lines.ts";
import type { RecordedRun } from "../report/recorded-run.ts";

/** Runs that differ only in their seeds. */
export interface RunGroup {
  /** What distinguishes it from the other groups: `learningRate 0.001, width 64`. */
  readonly label: string;
  /** The same as names and values. They include the experiment if there are several. */
  readonly differing: Readonly<Record<string, unknown>>;
  readonly runs: readonly RecordedRun[];
  /** Runs that are left out because a later run of the group has the same seed. */
  readonly repeated: readonly RecordedRun[];
}

/** The name of a run's experiment, from its record or else from its folder. */
function experimentOf({ about, name }: RecordedRun): string {
  return about["experiment"] === undefined ? name.split("/")[0]! : showValue(about["experiment"]);
}

/** The settings that are not the same in all runs, without the seed. */
function differingSettings(runs: readonly RecordedRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))].filter((name) => name !== "seed");
  return names.filter((name) => new Set(runs.map(({ settings }) => JSON.stringify(settings[name]))).size > 1);
}

/** Groups runs by their experiment and by their settings other than the seed. */
export function groupRuns(runs: readonly RecordedRun[]): RunGroup[] {
  const differing = differingSettings(runs);
  const several = new Set(runs.map(experimentOf)).size > 1;
  const groups = new Map<string, RecordedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([experimentOf(run), differing.map((name) => run.settings[name])]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((members) => {
    const first = members[0]!;
    const parts = differing.flatMap((name) =>
      first.settings[name] === undefined ? [] : [`${name} ${showValue(first.settings[name])}`],
    );
    const label = [...(several || parts.length === 0 ? [experimentOf(first)] : []), ...parts].join(", ");
    const kept = members.filter(
      (run, i) =>
        run.settings["seed"] === undefined ||
        !members.slice(i + 1).some((later) => later.settings["seed"] === run.settings["seed"]),
    );
    return {
      label,
      differing: {
        ...(several ? { experiment: experimentOf(first) } : {}),
        ...Object.fromEntries(differing.map((name) => [name, first.settings[name]])),
      },
      runs: kept,
      repeated: members.filter((run) => !kept.includes(run)),
    };
  });
}

/** The final value of a figure: the one in the run's result, or else the last that was measured. */
export function finalValue(run: RecordedRun, metric: string): number | undefined {
  return recordedNumber(run.result?.[metric]) ?? run.curves.get(metric)?.values.at(-1);
}

/** The figure to compare runs by if none is named: the first of the results that all runs have, or else a loss. */
export function chiefMetric(runs: readonly RecordedRun[]): string | undefined {
  const [first] = runs;
  if (first === undefined) return undefined;
  const all = (name: string) => runs.every((run) => finalValue(run, name) !== undefined);
  return [...Object.keys(first.result ?? {}), "validationLoss", "loss", ...first.curves.keys()].find(all);
}
