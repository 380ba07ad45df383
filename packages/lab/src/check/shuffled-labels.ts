import { gather, permutation, RandomStream, reshape, type Tensor } from "@ansatz/core";
import { watchRuns } from "@ansatz/core/plugin";
import type { Experiment } from "../experiment/experiment.ts";
import { isStopped } from "../experiment/training-loop.ts";
import type { SettingValue } from "../settings.ts";
import { runHeld } from "./held-loop.ts";
import { outcomesOf, short, type Outcome } from "./outcome.ts";

/** A loss may be this share of that of the best constant guess, because a few labels may be guessed by luck. */
const share = 0.95;

/**
 * Trains and evaluates with shuffled labels, a control: nobody can know them, so if a validation is better than the
 * best constant guess, the model sees the labels.
 */
export async function checkShuffledLabels(
  experiment: Experiment,
  settings: Readonly<Record<string, SettingValue>>,
): Promise<Outcome> {
  const { passed, failed, notApplicable } = outcomesOf("shuffled labels");
  const draws = new RandomStream(settings["seed"] as number).fork();
  const figures: Record<string, number> = {};
  const counts = new Map<number, number>();
  let judged = 0;
  const end = watchRuns(async (run) => {
    const targets = crossEntropyTargets([...run.outputs, ...run.updates.map(({ value }) => value)]);
    const values = targets.length === 0 ? [] : await run.evaluate(targets);
    for (const labels of values) {
      if (run.updates.length === 0) judged += labels.length;
      for (const label of labels) counts.set(Number(label), (counts.get(Number(label)) ?? 0) + 1);
    }
  });
  try {
    const result = await runHeld(experiment, settings, {
      labels: (labels) => shuffled(labels, draws),
      log: (measured) => void Object.assign(figures, measured),
      async *steps(count, parts) {
        for (let step = 1; step <= count; step++) {
          if (isStopped(parts)) return;
          yield step;
        }
      },
    });
    Object.assign(figures, result);
  } finally {
    end();
  }
  if (counts.size === 0) return notApplicable("no cross-entropy of classes sees its labels");
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shares = [...counts.values()].map((count) => count / total);
  const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0);
  const majority = Math.max(...shares);
  const margin = 4 * Math.sqrt((majority * (1 - majority)) / Math.max(1, judged));
  const losses = Object.entries(figures).filter(([name]) => /^(validation|test)\w*loss$/i.test(name));
  const accuracies = Object.entries(figures).filter(([name]) => /accuracy$/i.test(name));
  if (losses.length + accuracies.length === 0)
    return notApplicable("it measures neither a validationLoss or testLoss nor an accuracy");
  const tooGood = [
    ...losses.filter(([, value]) => value < share * entropy),
    ...accuracies.filter(([, value]) => value > majority + margin),
  ];
  const chance = `a constant guess has a loss of ${short(entropy)} and an accuracy of ${short(majority)}`;
  const shown = (list: readonly (readonly [string, number])[]) =>
    list.map(([name, value]) => `${name} ${short(value)}`).join(", ");
  return tooGood.length > 0
    ? failed(`${shown(tooGood)} with shuffled labels, but ${chance}: the model sees them`)
    : passed(`${shown([...losses, ...accuracies])}; ${chance}`);
}

/** Labels in another order, over all of their axes. */
function shuffled(labels: Tensor, draws: RandomStream): Tensor {
  const order = permutation(draws.next(), labels.size);
  return reshape(gather(reshape(labels, [labels.size]), order), labels.shape);
}

/** The targets of all cross-entropies on which tensors depend. */
function crossEntropyTargets(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const found = new Set<Tensor>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.node.op.name === "softmaxCrossEntropy") found.add(next.node.inputs[1]!);
    waiting.push(...next.node.inputs);
  }
  return [...found];
}
