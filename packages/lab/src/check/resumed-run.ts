import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diffRuns, type RunDifference } from "../diff/diff-runs.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { runExperiment } from "../experiment/run-experiment.ts";
import type { SettingValue } from "../settings.ts";
import { outcomesOf, type Outcome } from "./outcome.ts";

/** Ends a run in the middle, as a crash does. */
class CutShort extends Error {}

/** How many metrics and values that differ in two whole runs, such as times, are left out. */
const mostIgnored = 20;

/** Whether a run that is cut off in the middle and resumed equals, bit for bit, one that was never stopped. */
export async function checkResumedRun(
  experiment: Experiment,
  settings: Readonly<Record<string, SettingValue>>,
): Promise<Outcome> {
  const { passed, failed, notApplicable } = outcomesOf("resumed run");
  const place = mkdtempSync(join(tmpdir(), "ansatz-check-"));
  const [whole, resumed, again] = ["whole", "resumed", "again"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  let count: number | undefined;
  const counting: Experiment = {
    ...experiment,
    run: (context) =>
      experiment.run({ ...context, steps: (of, parts, more) => ((count = of), context.steps(of, parts, more)) }),
  };
  const start = (one: Experiment, folder: string) => runExperiment(one, { folder, settings, output: "none" });
  try {
    await start(counting, whole);
    if (count === undefined) return notApplicable("it has no loop of steps");
    if (count < 2) return notApplicable(`its loop has ${count} steps`);
    const half = Math.floor(count / 2);
    await start(cutAfter(experiment, half), resumed).catch((error: unknown) => {
      if (!(error instanceof CutShort)) throw error;
    });
    await start(experiment, resumed);
    const difference = await diffRuns([whole, resumed]);
    if (difference.equal)
      return passed(`cut off after step ${half} of ${count}, then resumed: every number is the same`);
    // What differs in two whole runs, too, such as a time, isn't the fault of the resumption.
    await start(experiment, again);
    const ignored: string[] = [];
    for (;;) {
      const { logged, result, checkpoints, equal } = await diffRuns([whole, again], { ignored });
      if (equal || ignored.length === mostIgnored) break;
      const values = checkpoints.parts?.values ?? [];
      if (values.some(({ kind }) => kind === "tensor"))
        return failed(`two whole runs of the same settings differ: ${whereOf({ logged, result, checkpoints })}`);
      const metric = logged === null ? [] : [logged.metric];
      ignored.push(...metric, ...values.map(({ path }) => path), ...result.map(({ name }) => name));
    }
    const rest = await diffRuns([whole, resumed], { ignored });
    if (rest.equal)
      return passed(`cut off after step ${half} of ${count}, then resumed; left out: ${ignored.join(", ")}`);
    return failed(
      `cut off after step ${half} of ${count}, then resumed: ${whereOf(rest)}; ` +
        "what changes from step to step must be a part of steps(count, { … })",
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** An experiment that saves after a step, and ends in the next one. */
function cutAfter(experiment: Experiment, last: number): Experiment {
  return {
    ...experiment,
    run: (context) =>
      experiment.run({
        ...context,
        steps: async function* (count, parts, more) {
          for await (const step of context.steps(count, parts, { ...more, saveEvery: last })) {
            if (step > last) throw new CutShort();
            yield step;
          }
        },
      }),
  };
}

function whereOf({ logged, result, checkpoints }: Pick<RunDifference, "logged" | "result" | "checkpoints">): string {
  const first = checkpoints.parts?.values[0];
  return [
    ...(logged === null
      ? []
      : [`from step ${logged.step} on ${logged.metric} is ${logged.values[1]} instead of ${logged.values[0]}`]),
    ...(first === undefined ? [] : [`${first.path} differs at step ${checkpoints.parts!.step}`]),
    ...(logged === null && first === undefined ? result.map(({ name }) => `${name} of the result differs`) : []),
  ].join(", and ");
}
