import {
  ArgumentError,
  grad,
  realize,
  StateError,
  type Module,
  type Parameter,
  type Tensor,
  type TensorData,
} from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import { dot, largest, quasiNewtonDirection, remembered, type Memory } from "./curvature.ts";
import { FlatParameters } from "./flat-parameters.ts";
import { strongWolfe, type Evaluation } from "./strong-wolfe.ts";

export interface LBFGSOptions {
  /** The length of a step along the direction, or the first that the line search tries. Default: 1. */
  readonly learningRate?: number;
  /** How many iterations a step makes at most. Default: 20. */
  readonly iterations?: number;
  /** How often a step evaluates the loss at most. Default: 1¼ times the iterations. */
  readonly evaluations?: number;
  /** It has converged when no element of the gradient is larger. Default: 10⁻⁷. */
  readonly gradientTolerance?: number;
  /** It has converged when neither the loss nor a parameter changes by more. Default: 10⁻⁹. */
  readonly changeTolerance?: number;
  /** How many pairs of steps and gradients it remembers. Default: 100. */
  readonly history?: number;
  /** Whether it searches along the direction, or takes the learning rate. Default: "none". */
  readonly lineSearch?: "none" | "strongWolfe";
}

/** The state of an `LBFGS`, to save and load. */
export interface LBFGSState {
  readonly iterations: number;
  readonly scale: number;
  readonly length: number;
  /** The direction, the gradient, then a step and a change of the gradient for each pair: [2 + 2 pairs, parameters]. */
  readonly vectors: TensorData;
}

/**
 * L-BFGS: the whole parameter vector moves along −H g, where H is an inverse Hessian made of the latest steps and
 * changes of the gradient; as PyTorch's LBFGS. Liu & Nocedal 1989, "On the limited memory BFGS method for large scale
 * optimization". For smooth losses on the whole data set, not for batches.
 *
 * It evaluates the loss several times in a step, so it takes a function instead of gradients. The vectors are in
 * float64 on the host: `history` times twice as many numbers as there are parameters.
 *
 * @throws ArgumentError for options that make no sense, or without a trainable parameter
 * @example const x = parameter(tensor([1, -1]));
 * const optimizer = new LBFGS([x], { lineSearch: "strongWolfe" });
 * await optimizer.step(() => sum(square(x)));
 * await x.data() // [0, 0]
 */
export class LBFGS {
  readonly #parameters: FlatParameters;
  readonly #options: Required<LBFGSOptions>;
  #memory: Memory | undefined;

  constructor(parameters: Module | readonly Parameter[], options: LBFGSOptions = {}) {
    const given = isModule(parameters) ? parameters.parameters() : parameters;
    this.#parameters = new FlatParameters(given.filter(({ trainable }) => trainable));
    if (this.#parameters.count === 0)
      throw new ArgumentError("LBFGS: there are no trainable parameters\n  pass at least one");
    const { iterations = 20, lineSearch = "none" } = options;
    this.#options = {
      learningRate: 1,
      evaluations: Math.floor((iterations * 5) / 4),
      gradientTolerance: 1e-7,
      changeTolerance: 1e-9,
      history: 100,
      ...options,
      iterations,
      lineSearch,
    };
    if (lineSearch !== "none" && lineSearch !== "strongWolfe")
      throw new ArgumentError(`LBFGS: the line search is "${String(lineSearch)}"\n  use "none" or "strongWolfe"`);
    for (const name of ["iterations", "evaluations", "history"] as const)
      if (!Number.isInteger(this.#options[name]) || this.#options[name] < 1)
        throw new ArgumentError(`LBFGS: ${name} is ${this.#options[name]}\n  use a whole number, 1 or more`);
    for (const name of ["learningRate", "gradientTolerance", "changeTolerance"] as const)
      if (!(this.#options[name] >= 0))
        throw new ArgumentError(`LBFGS: ${name} is ${this.#options[name]}\n  use 0 or more`);
  }

  /**
   * Moves the parameters, by up to `iterations` iterations; returns the loss before. `closure` records the loss on the
   * parameters' present values. If it throws, the parameters are as they were.
   *
   * @throws GradientError as `grad`
   */
  async step(closure: () => Tensor): Promise<number> {
    const start = await this.#parameters.read();
    try {
      return await this.#minimize(closure, start);
    } catch (error) {
      this.#parameters.set(start);
      throw error;
    }
  }

  async #minimize(closure: () => Tensor, start: Float64Array): Promise<number> {
    const { learningRate, iterations, gradientTolerance, changeTolerance, history, lineSearch } = this.#options;
    const first = await this.#evaluate(closure);
    let [x, present, memory, evaluations] = [start, first, this.#memory, 1];
    for (let iteration = 1; iteration <= iterations; iteration++) {
      if (largest(present.gradient) <= gradientTolerance) break;
      const { gradient, loss } = present;
      const { pairs, scale } = memory === undefined ? { pairs: [], scale: 1 } : remembered(memory, gradient, history);
      const direction = quasiNewtonDirection(gradient, pairs, scale);
      const size = sumOfAbsolute(gradient);
      const initial = memory === undefined && size > 1 ? 1 / size : 1; // of NaN 1, as in PyTorch
      let length = initial * learningRate;
      memory = { iterations: (memory?.iterations ?? 0) + 1, pairs, scale, direction, length, gradient };
      if (dot(gradient, direction) > -changeTolerance) break;
      const [from, along] = [x, direction];
      const moved = (t: number): Float64Array => this.#parameters.set(from.map((value, i) => value + t * along[i]!));
      const last = iteration === iterations;
      if (lineSearch === "strongWolfe") {
        const evaluate = (t: number): Promise<Evaluation> => {
          moved(t);
          return this.#evaluate(closure);
        };
        const most = this.#options.evaluations - evaluations;
        const found = await strongWolfe(present, direction, { length, evaluate, most });
        [present, length, evaluations] = [found.point, found.point.length, evaluations + found.evaluations];
        x = moved(length);
      } else {
        x = moved(length);
        if (!last) [present, evaluations] = [await this.#evaluate(closure), evaluations + 1];
      }
      memory = { ...memory, length };
      if (last || evaluations >= this.#options.evaluations) break;
      if (largest(direction) * length <= changeTolerance || Math.abs(present.loss - loss) < changeTolerance) break;
    }
    this.#memory = memory;
    return first.loss;
  }

  async #evaluate(closure: () => Tensor): Promise<Evaluation> {
    const loss = closure();
    const gradients = grad(loss, this.#parameters.parameters);
    await realize(loss, gradients);
    return { loss: await loss.item(), gradient: await this.#parameters.join(gradients) };
  }

  /** Its state. */
  stateDict(): LBFGSState {
    const { iterations = 0, scale = 1, length = 0 } = this.#memory ?? {};
    const rows = this.#memory === undefined ? [] : [this.#memory.direction, this.#memory.gradient];
    for (const { step, change } of this.#memory?.pairs ?? []) rows.push(step, change);
    const { count } = this.#parameters;
    const data = new Float64Array(rows.length * count);
    for (const [i, row] of rows.entries()) data.set(row, i * count);
    return { iterations, scale, length, vectors: { shape: [rows.length, count], dtype: "float64", data } };
  }

  /** Resumes from a saved state. @throws StateError when it does not fit */
  loadStateDict({ iterations, scale, length, vectors: { shape, data } }: LBFGSState): void {
    const [rows = 0, count] = shape;
    if (
      count !== this.#parameters.count ||
      data.length !== rows * count ||
      rows % 2 !== 0 ||
      (rows === 0) !== (iterations === 0)
    )
      throw new StateError(
        `loadStateDict: the state does not fit\n` +
          `  its vectors are [${shape.join(",")}], but there are ${this.#parameters.count} parameters`,
      );
    const row = (i: number) => Float64Array.from(data.slice(i * count, (i + 1) * count));
    const pairs = Array.from({ length: rows / 2 - 1 }, (_, i) => ({ step: row(2 + 2 * i), change: row(3 + 2 * i) }));
    this.#memory = rows === 0 ? undefined : { iterations, scale, length, pairs, direction: row(0), gradient: row(1) };
  }
}

function sumOfAbsolute(x: Float64Array): number {
  return x.reduce((sum, value) => sum + Math.abs(value), 0);
}
