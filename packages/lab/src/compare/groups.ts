import { showValue } from "../view/format.ts";
import { grouped } from "../view/grouped.ts";
import { recordedNumber } from "../view/parse-lines.ts";
import type { RecordedRun } from "../report/recorded-run.ts";

/** What runs are grouped by. */
export type GroupedRun = Pick<RecordedRun, "name" | "about" | "settings">;

/** Runs that differ only in their seeds. */
export interface RunGroup<Run extends GroupedRun> {
  /** What distinguishes it from the other groups: `learningRate 0.001, width 64`. */
  readonly label: string;
  /** The same as names and values. They include the experiment if there are several. */
  readonly differing: Readonly<Record<string, unknown>>;
  readonly runs: readonly Run[];
  /** Runs that are left out because a later run of the group has the same seed. */
  readonly repeated: readonly Run[];
}

/** The name of a run's experiment, from its record or else from its folder. */
export function experimentOf({ about, name }: GroupedRun): string {
  return about["experiment"] === undefined ? name.split("/")[0]! : showValue(about["experiment"]);
}

/** The settings that are not the same in all runs, without the seed. */
export function differingSettings(runs: readonly GroupedRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))].filter((name) => name !== "seed");
  return names.filter((name) => new Set(runs.map(({ settings }) => JSON.stringify(settings[name]))).size > 1);
}

/** Groups runs by their experiment and by their settings other than the seed. */
export function groupRuns<Run extends GroupedRun>(runs: readonly Run[]): RunGroup<Run>[] {
  const differing = differingSettings(runs);
  const several = new Set(runs.map(experimentOf)).size > 1;
  const groups = grouped(runs, (run) =>
    JSON.stringify([experimentOf(run), differing.map((name) => run.settings[name])]),
  );
  return [...groups.values()].map((members) => {
    const first = members[0]!;
    const parts = differing.flatMap((name) =>
      first.settings[name] === undefined ? [] : [`${name} ${showValue(first.settings[name])}`],
    );
    const label = [...(several || parts.length === 0 ? [experimentOf(first)] : []), ...parts].join(", ");
    // The last run with a seed counts.
    const last = new Map(members.map((run) => [run.settings["seed"] ?? run, run]));
    const kept = new Set(last.values());
    return {
      label,
      differing: {
        ...(several ? { experiment: experimentOf(first) } : {}),
        ...Object.fromEntries(differing.map((name) => [name, first.settings[name]])),
      },
      runs: members.filter((run) => kept.has(run)),
      repeated: members.filter((run) => !kept.has(run)),
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
