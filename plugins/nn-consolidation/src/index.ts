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
 *   ½ Σᵢ Fᵢ (θᵢ − θᵢ*)²      F: the mean of the squared gradients of the loss, the empirical Fisher information
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
    this.importance = this.#zeros();
    this.anchors = this.#zeros();
  }

  /**
   * Ends a task: takes the weights as they are for θ*, and adds the mean of the squared gradients of `lossOf` over
   * batches to F. The square of a mean is not the mean of squares, so each batch should be one example, and a loss that
   * is a mean over T tokens makes F smaller by T². Switch dropout off before: `model.eval()`.
   *
   * @throws ArgumentError if there are no batches
   * @throws GradientError if the loss does not depend on a parameter. Whatever is thrown, nothing has changed then.
   */
  async consolidate<Batch>(batches: readonly Batch[], lossOf: (batch: Batch) => Tensor): Promise<void> {
    if (batches.length === 0)
      throw new ArgumentError("consolidate: there are no batches\n  give some examples of the task that has ended");
    const parameters = Object.fromEntries(this.#parameters);
    const found = this.#zeros();
    const measure = compile((batch: Batch) => {
      const loss = lossOf(batch);
      const gradients = grad(loss, parameters) as unknown as Readonly<Record<string, Tensor>>;
      for (const [name, sum] of Object.entries(found))
        sum.assign(add(sum.read(), mul(square(gradients[name]!), 1 / batches.length)));
      return loss;
    });
    for (const batch of batches) await measure(batch);
    for (const [name, parameter] of this.#parameters) {
      this.anchors[name]!.assign(parameter.read());
      this.importance[name]!.assign(add(mul(this.importance[name]!.read(), this.decay), found[name]!.read()));
    }
    await realize();
  }

  /** Zeros for each parameter. */
  #zeros(): Readonly<Record<string, Cell>> {
    return Object.fromEntries(
      [...this.#parameters].map(([name, { shape, dtype }]) => [name, buffer(zeros(shape, { dtype }))]),
    );
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
