import type { Experiment } from "../experiment/experiment.ts";
import { checkSettings, defaultsOf, type SettingValue } from "../settings.ts";
import { judgeFirstLoss, judgeUnits, makeFirstSteps, type FirstSteps } from "./first-steps.ts";
import { checkGradients } from "./gradients.ts";
import { holdLoop } from "./held-loop.ts";
import { checkOneBatch } from "./one-batch.ts";
import { outcomesOf, type Outcome } from "./outcome.ts";
import { checkResumedRun } from "./resumed-run.ts";
import { checkShuffledLabels } from "./shuffled-labels.ts";

/**
 * Checks an experiment on the backend in use, with its quick settings and those that are given: the loss of its first
 * step, dead units, gradients against finite differences, one batch learned by heart, shuffled labels as a control, and
 * a resumed run. Nothing is kept of the runs.
 *
 * @throws UsageError for settings that do not exist; InterruptedError after Ctrl-C; whatever the experiment throws
 * @example
 * const nothing = experiment({ question: "What is checked?", settings: {}, run: () => Promise.resolve({}) });
 * (await checkExperiment(nothing)).length // 6
 */
export async function checkExperiment(
  experiment: Experiment,
  given: Readonly<Record<string, SettingValue>> = {},
): Promise<Outcome[]> {
  const quick = { ...experiment.quick, ...(checkSettings(experiment.settings, given) as typeof given) };
  const settings: Readonly<Record<string, SettingValue>> = { ...defaultsOf(experiment.settings), ...quick };
  // Schedules of a quick run end within it, but one batch is repeated more often.
  const { steps } = experiment.settings;
  const held = steps === undefined || "steps" in given ? settings : { ...settings, steps: steps.default };
  const seen: FirstSteps = { crossEntropies: [], activations: false, findings: [], steps: 0 };
  const outcomes: Outcome[] = [];
  const report = (outcome: Outcome) => void outcomes.push(outcome);
  const { hasLoop, hasLabels } = await holdLoop(experiment, held, async function* (loop) {
    yield* makeFirstSteps(loop, seen);
    report(judgeFirstLoss(seen));
    report(judgeUnits(seen));
    yield* checkGradients(loop, report);
    yield* checkOneBatch(loop, report);
  });
  if (!hasLoop)
    for (const check of ["first loss", "dead units", "gradients", "one batch"])
      report(outcomesOf(check).notApplicable("it has no loop of steps"));
  report(
    hasLabels
      ? await checkShuffledLabels(experiment, settings)
      : outcomesOf("shuffled labels").notApplicable(
          "it does not say what its labels are: labels(target), of its context",
        ),
  );
  report(await checkResumedRun(experiment, quick));
  return outcomes;
}
