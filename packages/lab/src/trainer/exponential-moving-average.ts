import {
  add,
  ArgumentError,
  buffer,
  lerp,
  minimum,
  Module,
  mul,
  zeros,
  type Cell,
  type Parameter,
  type StateDict,
} from "@ansatz/core";
import { setWeights, withWeights } from "./with-weights.ts";

/**
 * An exponential moving average of a model's weights, which often generalises better than the last weights. Polyak &
 * Juditsky 1992; Tarvainen & Valpola 2017, arXiv:1703.01780.
 *
 *   average ← d · average + (1 − d) · θ, and θ itself at the first update
 *
 * Call `update` after `optimizer.update`, in the same step. It is a module, so a checkpoint can hold its state.
 *
 * @throws ArgumentError for a decay outside 0 to 1
 * @example await new ExponentialMovingAverage(new Linear(1, 1), { decay: 0.5 }).updates.data()  // [0]
 */
export class ExponentialMovingAverage extends Module {
  readonly decay: number;
  readonly averages: Readonly<Record<string, Cell>>;
  /** The number of updates so far. */
  readonly updates: Cell = buffer(zeros([]));
  readonly #model: Module;
  readonly #parameters: ReadonlyMap<string, Parameter>;

  constructor(model: Module, options: { readonly decay: number }) {
    super();
    if (!(options.decay >= 0 && options.decay <= 1))
      throw new ArgumentError(
        `ExponentialMovingAverage: the decay is ${options.decay}\n  use a number from 0 to 1, e.g. 0.999`,
      );
    this.decay = options.decay;
    this.#model = model;
    this.#parameters = model.namedParameters();
    this.averages = Object.fromEntries(
      [...this.#parameters].map(([name, { shape, dtype }]) => [name, buffer(zeros(shape, { dtype }))]),
    );
  }

  /** Adds the weights of this step to the average; the next `realize` executes it. */
  update(): void {
    const decay = mul(this.decay, minimum(this.updates.read(), 1)); // 0 at the first update
    for (const [name, parameter] of this.#parameters)
      this.averages[name]!.assign(lerp(parameter.read(), this.averages[name]!.read(), decay));
    this.updates.assign(add(this.updates.read(), 1));
  }

  /** The average weights, on the host. */
  async weights(): Promise<StateDict> {
    const entries = Object.entries(this.averages).map(
      async ([name, cell]) => [name, { shape: cell.shape, dtype: cell.dtype, data: await cell.data() }] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Runs `work`, e.g. an evaluation, while the model has the average weights. */
  async applied<R>(work: () => R | Promise<R>): Promise<R> {
    return withWeights(this.#model, await this.weights(), work);
  }

  /** Sets the model's weights to the average weights. */
  async apply(): Promise<void> {
    await setWeights(this.#model, await this.weights());
  }
}
