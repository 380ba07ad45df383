import {
  add,
  ArgumentError,
  buffer,
  compile,
  grad,
  Module,
  mul,
  realize,
  square,
  sub,
  sum,
  zeros,
  type Cell,
  type Parameter,
  type Tensor,
} from "@ansatz/core";

export interface ConsolidationOptions {
  /** How much of the importance that earlier tasks gave remains when another one is added. Default: 1, all of it. */
  readonly decay?: number;
}

/**
 * Elastic weight consolidation: a penalty that holds each weight of a model where it was after the earlier tasks, the
 * more firmly the more they depend on it.
 *
 *   ½ Σᵢ Fᵢ (θᵢ − θᵢ*)²      F: the mean of the squared slopes of the loss, the empirical Fisher information
 *
 * Kirkpatrick et al. 2016, arXiv:1612.00796, equation 3. After each further task, θ* is where the weights are then, and
 * F ← γ F + that of the new task (online EWC: Schwarz et al. 2018, arXiv:1805.06370, Section 4).
 *
 * It is a module, so that a checkpoint can hold θ* and F. It holds the trainable parameters that the model has when it
 * is made.
 *
 * @throws ArgumentError if the model has no trainable parameters, or if the decay is not between 0 and 1
 * @example new ElasticWeightConsolidation(new Linear(2, 1)).penalty()  // 0
 */
export class ElasticWeightConsolidation extends Module {
  readonly importance: Readonly<Record<string, Cell>>; // F
  readonly anchors: Readonly<Record<string, Cell>>; // θ*
  readonly decay: number;
  readonly #parameters: ReadonlyMap<string, Parameter>;

  constructor(model: Module, { decay = 1 }: ConsolidationOptions = {}) {
    super();
    if (!(decay >= 0 && decay <= 1))
      throw new ArgumentError(`ElasticWeightConsolidation: the decay is ${decay}\n  use a number from 0 to 1`);
    this.decay = decay;
    this.#parameters = model.namedParameters();
    if (this.#parameters.size === 0)
      throw new ArgumentError(
        "ElasticWeightConsolidation: the model has no trainable parameters\n  unfreeze those that are to be held",
      );
    const cells = () =>
      Object.fromEntries(
        [...this.#parameters].map(([name, { shape, dtype }]) => [name, buffer(zeros(shape, { dtype }))]),
      );
    this.importance = cells();
    this.anchors = cells();
  }

  /**
   * Ends a task: takes the weights as they are for θ*, and adds the mean of the squared slopes of `lossOf` over batches
   * to F. The square of a mean is not the mean of squares, so each batch should be one example.
   *
   * @throws ArgumentError if there are no batches; nothing has changed then
   * @throws GradientError if the loss does not depend on a parameter
   */
  async consolidate<Batch>(batches: readonly Batch[], lossOf: (batch: Batch) => Tensor): Promise<void> {
    if (batches.length === 0)
      throw new ArgumentError("consolidate: there are no batches\n  give some examples of the task that has ended");
    const parameters = Object.fromEntries(this.#parameters);
    const measure = compile((batch: Batch) => {
      const loss = lossOf(batch);
      const slopes = grad(loss, parameters) as unknown as Readonly<Record<string, Tensor>>;
      for (const [name, importance] of Object.entries(this.importance))
        importance.assign(add(importance.read(), mul(square(slopes[name]!), 1 / batches.length)));
      return loss;
    });
    for (const [name, parameter] of this.#parameters) {
      this.anchors[name]!.assign(parameter.read());
      this.importance[name]!.assign(mul(this.importance[name]!.read(), this.decay));
    }
    await realize();
    for (const batch of batches) await measure(batch);
  }

  /** The penalty. Add it to the loss, times the strength λ. It is 0 before the first task has ended. */
  penalty(): Tensor {
    const held = [...this.#parameters]
      .map(([name, parameter]) => {
        const moved = sub(parameter.read(), this.anchors[name]!.read());
        return sum(mul(this.importance[name]!.read(), square(moved)));
      })
      .reduce((a, b) => add(a, b));
    return mul(held, 0.5);
  }
}
