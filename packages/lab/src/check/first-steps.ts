import { mean } from "@ansatz/core";
import { watchRuns } from "@ansatz/core/plugin";
import { Diagnosis } from "../diagnose/diagnosis.ts";
import type { Finding } from "../diagnose/finding.ts";
import { parameterPaths } from "../diagnose/models.ts";
import { stepGraphOf } from "../diagnose/step-graph.ts";
import type { HeldLoop } from "./held-loop.ts";
import { outcomesOf, short, type Outcome } from "./outcome.ts";

/** How many steps are made to see which units never answer: a few more than the diagnosis waits. */
const steps = 25;
/** A cross-entropy at the start may be this many times ln(classes). */
const [least, most] = [0.8, 1.5];

/** A cross-entropy of the first step: its number of classes and its mean over the batch. */
interface CrossEntropy {
  readonly classes: number;
  readonly value: number;
}

/** What was seen in the first steps: how the loss begins, and which units are dead. */
export interface FirstSteps {
  crossEntropies: CrossEntropy[];
  /** Whether the model has activations that can be dead or saturated. */
  activations: boolean;
  findings: Finding[];
  steps: number;
}

/** Makes the first steps of a loop as they are, and watches them. */
export async function* makeFirstSteps(loop: HeldLoop, seen: FirstSteps): AsyncGenerator<number, void, undefined> {
  const names = parameterPaths(loop.models);
  using diagnosis = new Diagnosis({ model: loop.models });
  const end = watchRuns(async (run) => {
    const graph = stepGraphOf(run, names);
    if (graph === undefined || seen.steps > 1) return;
    const losses = graph.forward.filter(({ node }) => node.op.name === "softmaxCrossEntropy");
    const values = await run.evaluate(losses.map((loss) => mean(loss)));
    seen.crossEntropies = losses.map(({ node }, i) => ({
      classes: node.inputs[0]!.shape.at(-1)!,
      value: Number(values[i]![0]),
    }));
    seen.activations = graph.forward.some(
      ({ node, rank }) => ["relu", "sigmoid", "tanh"].includes(node.op.name) && rank >= 2,
    );
  });
  try {
    for (let step = 1; step <= Math.min(steps, loop.count); step++) {
      seen.steps = step;
      yield step;
      seen.findings.push(...diagnosis.observe({ step }));
    }
  } finally {
    end();
  }
}

/** Whether a cross-entropy begins near that of equal probabilities, ln(classes). */
export function judgeFirstLoss({ crossEntropies }: FirstSteps): Outcome {
  const { passed, failed, notApplicable } = outcomesOf("first loss");
  if (crossEntropies.length === 0) return notApplicable("the training loss has no cross-entropy of classes");
  const sentence = ({ classes, value }: CrossEntropy) =>
    `${short(value)} nats, where equal probabilities of ${classes} classes give ${short(Math.log(classes))}`;
  const wrong = crossEntropies.find(
    ({ classes, value }) => !(value >= least * Math.log(classes) && value <= most * Math.log(classes)),
  );
  if (wrong === undefined) return passed(crossEntropies.map(sentence).join("; "));
  return failed(
    wrong.value < least * Math.log(wrong.classes)
      ? `${sentence(wrong)}: it knows the answers before it has learned anything; look for labels among its inputs`
      : `${sentence(wrong)}: it begins with confident mistakes; make the weights of the last layer smaller`,
  );
}

/** Whether units of the model are dead or saturated from the start. */
export function judgeUnits({ activations, findings, steps: made }: FirstSteps): Outcome {
  const { passed, failed, notApplicable } = outcomesOf("dead units");
  if (!activations) return notApplicable("the model has no ReLU, sigmoid or tanh");
  if (made < steps) return notApplicable(`it makes ${made} steps, and ${steps} are needed`);
  const found = findings.filter(({ kind }) => kind === "dead units" || kind === "saturated units");
  if (found.length === 0) return passed(`none in ${made} steps`);
  return failed(found.map(({ where = "", message }) => `${where}: ${message}`).join("; "));
}
