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
 * An exponential moving average of a model's weights, which often does better than the last ones. Polyak & Juditsky
 * 1992; Tarvainen & Valpola 2017, arXiv:1703.01780.
 *
 *   average ← d · average + (1 − d) · θ, and θ itself at the first update
 *
 * `update` belongs after `optimizer.update` in the same step. Its state is a module's, so a checkpoint can hold it.
 *
 * @throws ArgumentError for a decay outside 0 to 1
 * @example await new ExponentialMovingAverage(new Linear(1, 1), { decay: 0.5 }).updates.data()  // [0]
 */
export class ExponentialMovingAverage extends Module {
  readonly decay: number;
  readonly averages: Readonly<Record<string, Cell>>;
  /** How often it was updated. */
  readonly updates: Cell = buffer(zeros([]));
  readonly #model: Module;
  readonly #parameters: ReadonlyMap<string, Parameter>;

  constructor(model: Module, options: { readonly decay: number }) {
    super();
    if (!(options.decay >= 0 && options.decay <= 1))
      throw new ArgumentError(
        `ExponentialMovingAverage: a decay of ${options.decay}\n  use a number from 0 to 1, such as 0.999`,
      );
    this.decay = options.decay;
    this.#model = model;
    this.#parameters = model.namedParameters();
    this.averages = Object.fromEntries(
      [...this.#parameters].map(([name, { shape, dtype }]) => [name, buffer(zeros(shape, { dtype }))]),
    );
  }

  /** Takes the weights of this step in; the next `realize` carries it out. */
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

  /** Does something while the model has the average weights, such as an evaluation. */
  async applied<R>(work: () => R | Promise<R>): Promise<R> {
    return withWeights(this.#model, await this.weights(), work);
  }

  /** Gives the model the average weights for good. */
  async apply(): Promise<void> {
    await setWeights(this.#model, await this.weights());
  }
}
