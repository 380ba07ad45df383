import { ArgumentError, type Module, type StateDict, type TensorData } from "@ansatz/core";
import type { Stateful } from "../stateful.ts";
import { setWeights, weightsOf, withWeights } from "./with-weights.ts";

/**
 * The mean of the weights that were added last. Vaswani et al. 2017, arXiv:1706.03762, Section 6.1, average the last 5
 * checkpoints. With `last: 1`, and weights added whenever a validation was the best so far, it keeps the best weights.
 *
 * @throws ArgumentError unless `last` is a whole number, 1 or more
 * @example new CheckpointAverage(new Linear(1, 1), { last: 5 }).count  // 0
 */
export class CheckpointAverage implements Stateful {
  readonly last: number;
  readonly #model: Module;
  #kept: StateDict[] = [];

  constructor(model: Module, options: { readonly last: number }) {
    if (!Number.isInteger(options.last) || options.last < 1)
      throw new ArgumentError(`CheckpointAverage: last is ${options.last}\n  use a whole number, 1 or more`);
    this.last = options.last;
    this.#model = model;
  }

  /** How many weights are kept: at most `last`. */
  get count(): number {
    return this.#kept.length;
  }

  /** Keeps the model's weights as they are now. */
  async add(): Promise<void> {
    this.#kept = [...this.#kept, await weightsOf(this.#model)].slice(-this.last);
  }

  /** The mean weights. @throws ArgumentError if none were added */
  weights(): StateDict {
    const [first] = this.#kept;
    if (first === undefined)
      throw new ArgumentError(
        "CheckpointAverage: there is nothing to average\n  add the weights at least once: await average.add()",
      );
    return Object.fromEntries(
      Object.entries(first).map(([name, { shape, dtype }]) => [
        name,
        { shape, dtype, data: mean(this.#kept.map((weights) => weights[name]!)) },
      ]),
    );
  }

  /** Runs `work`, e.g. an evaluation, while the model has the mean weights. @throws ArgumentError as `weights` */
  async applied<R>(work: () => R | Promise<R>): Promise<R> {
    return withWeights(this.#model, this.weights(), work);
  }

  /** Sets the model's weights to the mean weights. @throws ArgumentError as `weights` */
  async apply(): Promise<void> {
    await setWeights(this.#model, this.weights());
  }

  stateDict(): { readonly kept: readonly StateDict[] } {
    return { kept: this.#kept };
  }

  loadStateDict({ kept }: { readonly kept: readonly StateDict[] }): void {
    this.#kept = [...kept];
  }
}

function mean(tensors: readonly TensorData[]): TensorData["data"] {
  const result = tensors[0]!.data.slice();
  for (let i = 0; i < result.length; i++)
    result[i] = tensors.reduce((sum, { data }) => sum + data[i]!, 0) / tensors.length;
  return result;
}
