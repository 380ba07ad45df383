import { join } from "node:path";
import { abs, cast, greater, max, mean, square, stack, sub, sum, type Cell, type Tensor } from "@ansatz/core";
import { watchRuns, type PendingRun } from "@ansatz/core/plugin";
import { JsonLines } from "../json-lines.ts";
import { ActivationCheck, type Activation } from "./activation-check.ts";
import type { Finding, Found } from "./finding.ts";
import { GradientCheck } from "./gradient-check.ts";
import { LossCheck } from "./loss-check.ts";
import { listModels, parameterPaths, type Models } from "./models.ts";
import { ModuleTrace } from "./module-trace.ts";
import { firstNonFinite } from "./non-finite.ts";
import { stepGraphOf, type StepGraph } from "./step-graph.ts";

export interface DiagnosisOptions {
  /** The model, or the models by their names. */
  readonly model: Models;
  /** The run's folder; findings are added to its `findings.jsonl`. Default: findings are not written. */
  readonly folder?: string;
}

/** The losses that were measured at a step. */
export interface Observation {
  readonly step: number;
  readonly loss?: number;
  readonly validationLoss?: number;
}

/** How many parts of the model a finding names besides the first. */
const partsNamed = 5;

/** A sigmoid or tanh is saturated within 1 % of its range from an end: |σ − ½| or |tanh| above this. */
const edge = { sigmoid: 0.49, tanh: 0.98 } as const;

/**
 * Watches a training run for common problems, and says what to try first: NaN and infinities (with the op and the
 * module where the first one appeared), exploding and vanishing gradients by layer, dead ReLU units, saturated sigmoids
 * and tanhs, overfitting, and a stuck loss.
 *
 * It examines each step before it is executed, in a plain loop and inside `compile` alike. For that it computes the
 * step a second time, so a step takes about twice as long; the numbers of the run stay the same. A problem is reported
 * once for each part of the model. A `scan` is examined as a whole, not step by step.
 *
 * @example new Diagnosis({ model: {} }).observe({ step: 1, loss: 0.5 })  // []
 */
export class Diagnosis {
  readonly #names: ReadonlyMap<Cell, string>;
  readonly #trace: ModuleTrace;
  readonly #file: JsonLines<Finding> | undefined;
  readonly #end: () => void;
  readonly #gradients = new GradientCheck();
  readonly #activations = new ActivationCheck();
  readonly #losses = new LossCheck();
  readonly #seen = new Set<string>();
  #waiting: Found[] = [];
  #broken = false;

  constructor({ model, folder }: DiagnosisOptions) {
    this.#names = parameterPaths(model);
    this.#trace = new ModuleTrace(listModels(model));
    this.#file = folder === undefined ? undefined : new JsonLines(join(folder, "findings.jsonl"));
    this.#end = watchRuns((run) => this.#look(run));
  }

  /** Takes the losses of a step; returns the new findings, after adding them to the file. @throws WriteError */
  observe({ step, loss, validationLoss }: Observation): Finding[] {
    if (loss !== undefined && Number.isFinite(loss)) this.#waiting.push(...this.#losses.train(loss));
    if (validationLoss !== undefined && Number.isFinite(validationLoss))
      this.#waiting.push(...this.#losses.validate(validationLoss));
    const fresh = this.#waiting.filter(({ kind, where = "" }) => {
      const key = `${kind} ${where}`;
      return !this.#seen.has(key) && this.#seen.add(key);
    });
    this.#waiting = [];
    const kinds = [...new Set(fresh.map(({ kind }) => kind))];
    const findings = kinds.map((kind) => ({ step, ...together(fresh.filter((found) => found.kind === kind)) }));
    for (const finding of findings) this.#file?.append(finding);
    return findings;
  }

  /** Stops watching. */
  [Symbol.dispose](): void {
    this.#end();
    this.#trace[Symbol.dispose]();
  }

  /** Examines a step that is about to be executed. */
  async #look(run: PendingRun): Promise<void> {
    if (this.#broken) return; // after the first NaN everything is NaN
    const graph = stepGraphOf(run, this.#names);
    if (graph === undefined) return;
    const { losses, layers, activations } = await measure(graph, run, this.#trace);
    if (![...losses, ...layers.map(({ gradient }) => gradient)].every(Number.isFinite)) {
      const found = await firstNonFinite(graph, run, this.#trace);
      this.#broken = found !== undefined;
      if (found !== undefined) this.#waiting.push(found);
    }
    if (layers.every(({ gradient }) => !Number.isNaN(gradient))) this.#waiting.push(...this.#gradients.check(layers));
    this.#waiting.push(...this.#activations.check(activations));
  }
}

/** Combines findings of one kind in several parts of a model: the finding of the first part names the others. */
function together([first, ...others]: readonly Found[]): Found {
  if (others.length === 0) return first!;
  const named = others
    .slice(0, partsNamed)
    .map(({ where }) => where)
    .join(", ");
  const more = others.length - partsNamed;
  return {
    ...first!,
    message: `${first!.message}; the same in ${named}${more > 0 ? ` and ${more} more` : ""}`,
  };
}

/** Everything that the checks need to know about a step, computed in one program. */
async function measure({ forward, losses, parameters }: StepGraph, { evaluate }: PendingRun, trace: ModuleTrace) {
  const vector = (tensors: readonly Tensor[]) =>
    tensors.length === 0 ? [] : [stack(tensors.map((tensor) => cast(tensor, "float32")))];
  const relus = forward.filter(({ node, rank }) => node.op.name === "relu" && rank >= 2);
  const bounded = forward.filter(
    ({ node: { op }, rank }) => (op.name === "sigmoid" || op.name === "tanh") && rank >= 2,
  );
  const asked = [
    ...vector(losses.map((loss) => sum(loss))),
    ...vector(parameters.map(({ gradient }) => max(abs(gradient)))),
    ...vector(parameters.map(({ gradient }) => sum(square(gradient)))),
    ...vector(parameters.map(({ value }) => sum(square(value)))),
    ...vector(bounded.map(saturation)),
    ...relus.map((relu) => max(relu, axesOfBatch(relu))),
  ];
  const values = await evaluate(asked);
  const next = (tensors: readonly unknown[]): ArrayLike<number> => (tensors.length === 0 ? [] : values.shift()!);
  const lossValues = next(losses); // in the order in which they were asked for
  const greatest = next(parameters);
  const squares = next(parameters);
  const weights = next(parameters);
  const saturated = next(bounded);
  const name = (tensor: Tensor) => trace.moduleOf(tensor) ?? "outside all modules";
  return {
    losses: Array.from(lossValues),
    // The sum of squares overflows long before the gradient does; then the greatest element stands for the norm.
    layers: parameters.map(({ name, value }, i) => ({
      name,
      rank: value.rank,
      size: value.size,
      gradient: Number.isFinite(squares[i]!) ? Math.sqrt(squares[i]!) : greatest[i]!,
      weight: Math.sqrt(weights[i]!),
    })),
    activations: [
      ...relus.map((relu, i): Activation => ({
        kind: "relu",
        name: distinct(name(relu), relus, relu, name),
        greatest: values[i]!,
      })),
      ...bounded.map((tensor, i): Activation => ({
        kind: tensor.node.op.name as "sigmoid" | "tanh",
        name: distinct(name(tensor), bounded, tensor, name),
        saturated: saturated[i]!,
      })),
    ],
  };
}

/** The name of one of several activations in a module: `feedForward`, then `feedForward, number 2`. */
function distinct(where: string, all: readonly Tensor[], tensor: Tensor, name: (tensor: Tensor) => string): string {
  const place = all.filter((other) => name(other) === where).indexOf(tensor);
  return place === 0 ? where : `${where}, number ${place + 1}`;
}

/** The share of outputs near an end of the range. */
function saturation(y: Tensor): Tensor {
  const kind = y.node.op.name as "sigmoid" | "tanh";
  return mean(cast(greater(abs(kind === "sigmoid" ? sub(y, 0.5) : y), edge[kind]), "float32"));
}

/** All axes except that of the units, which is the last one or, for images, that of the channels. */
function axesOfBatch({ rank }: Tensor): number[] {
  const units = rank >= 4 ? 1 : rank - 1;
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== units);
}
