import {
  Optimizer,
  type NumberOrSchedule,
  type OptimizerOptions,
  type Parameter,
  type RandomStream,
  type Schedule,
  type Tensor,
} from "@ansatz/core";
import type { AnyUpdateRule } from "@ansatz/core/plugin";
import { adafactor, adamw, cosine, lamb, muon, scheduleFree, sgd, warmup } from "@ansatz/optim";
import { ademamix, alphaWarmup, beta3Warmup } from "@ansatz/optim-ademamix";
import { lion } from "@ansatz/optim-lion";
import { normuon } from "@ansatz/optim-normuon";
import { initializeBasis, soapWith } from "@ansatz/optim-soap";
import { gaussNewtonDiagonal, hutchinsonDiagonal, sophiaG, sophiaH } from "@ansatz/optim-sophia";
import type { Losses, Task } from "./tasks.ts";

/** An update rule as its paper uses it. */
export interface Arm {
  readonly rule: AnyUpdateRule;
  /** Its usual learning rate for the language model; `rate` in the settings multiplies it. */
  readonly usualRate: number;
  /** Settings other than the rule's defaults, as its paper has them. There is no weight decay for any rule. */
  readonly options?: (steps: number) => Readonly<Record<string, NumberOrSchedule>>;
  /** Whether it is for the matrices inside a network only, so that AdamW trains all other parameters. */
  readonly matricesOnly?: boolean;
  /** Whether the rate stays at its peak, so that the means of the parameters are judged. */
  readonly means?: boolean;
  /** What the first gradients are used for instead of an update. */
  readonly start?: (optimizer: Optimizer, gradients: readonly Tensor[]) => void;
  /** What is observed every ten steps before the update, and what it costs, in gradients of the loss. */
  readonly observe?: (context: Observed) => void;
  readonly cost?: number;
}

export interface Observed {
  readonly optimizer: Optimizer;
  readonly losses: Losses;
  readonly gradients: readonly Tensor[];
  readonly parameters: readonly Parameter[];
  readonly random: RandomStream;
}

export const arms: Readonly<Record<string, Arm>> = {
  adamw: { rule: adamw, usualRate: 4e-3, options: () => ({ beta2: 0.95 }) },
  sgd: { rule: sgd, usualRate: 0.4, options: () => ({ momentum: 0.9 }) },
  adafactor: { rule: adafactor, usualRate: 0.1 },
  lamb: { rule: lamb, usualRate: 0.02 },
  lion: { rule: lion, usualRate: 4e-4, options: () => ({ beta1: 0.95, beta2: 0.98 }) },
  sophiaG: {
    rule: sophiaG,
    usualRate: 1e-3,
    observe: ({ optimizer, losses: { logits }, parameters, random }) =>
      optimizer.observe(gaussNewtonDiagonal(logits!, parameters, { random })),
    cost: 1,
  },
  sophiaH: {
    rule: sophiaH,
    usualRate: 1e-3,
    observe: ({ optimizer, losses: { loss }, parameters, random }) =>
      optimizer.observe(hutchinsonDiagonal(loss, parameters, { random })),
    cost: 3,
  },
  muon: { rule: muon, usualRate: 0.02, matricesOnly: true },
  normuon: { rule: normuon, usualRate: 0.02, matricesOnly: true },
  scheduleFree: { rule: scheduleFree, usualRate: 4e-3, options: () => ({ beta2: 0.95 }), means: true },
  soap: {
    rule: soapWith({ longest: 128 }), // longer axes are not rotated, as in the paper's one-sided variant
    usualRate: 8e-3,
    start: initializeBasis,
    observe: ({ optimizer, gradients }) => optimizer.observe(gradients),
  },
  ademamix: {
    rule: ademamix,
    usualRate: 4e-3,
    options: (steps) => ({ beta2: 0.95, beta3: beta3Warmup(0.99, steps), alpha: alphaWarmup(5, steps) }),
  },
};

/** The optimizer of an arm for a task: a tenth of the steps warms up, and the rest falls along a cosine to 0. */
export function optimizerOf(
  { rule, usualRate, options, matricesOnly, means }: Arm,
  task: Task,
  rate: number,
  steps: number,
) {
  const warm = Math.ceil(steps / 10);
  const scheduleOf = (usual: number): Schedule => {
    const peak = rate * usual * task.rateFactor;
    return warmup(warm, means === true ? () => peak : cosine(peak, Math.max(1, steps - warm)));
  };
  const decay = (one: AnyUpdateRule) => ("weightDecay" in one.hyper ? { weightDecay: 0 } : {});
  const others = { rule: adamw, learningRate: scheduleOf(arms["adamw"]!.usualRate), beta2: 0.95, weightDecay: 0 };
  const inner = (name: string, { shape }: Parameter): boolean => shape.length === 2 && !task.outer.test(name);
  const settings = {
    learningRate: scheduleOf(usualRate),
    ...decay(rule),
    ...options?.(steps),
    groups: matricesOnly === true ? [{ where: (name: string, own: Parameter) => !inner(name, own), ...others }] : [],
  };
  return new Optimizer(task.model, rule, settings as unknown as OptimizerOptions<AnyUpdateRule>);
}
