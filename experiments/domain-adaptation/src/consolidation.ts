import { add, buffer, compile, div, grad, Module, mul, realize, square, sub, sum, zeros } from "@ansatz/core";
import type { Cell, Parameter, Tensor } from "@ansatz/core";

/**
 * Elastic weight consolidation: a penalty that holds each weight where it was after the first task, the more firmly the
 * more that task depended on it. Kirkpatrick et al. 2016, arXiv:1612.00796, equation 3.
 *
 *   λ/2 Σᵢ Fᵢ (θᵢ − θᵢ*)²      F: the mean of the squared slopes of the loss, the empirical Fisher information
 *
 * It is a module, so a checkpoint can hold its state.
 */
export class Consolidation extends Module {
  readonly importance: Readonly<Record<string, Cell>>; // F
  readonly anchors: Readonly<Record<string, Cell>>; // θ*
  readonly #parameters: ReadonlyMap<string, Parameter>;

  constructor(model: Module) {
    super();
    this.#parameters = model.namedParameters();
    const cells = () =>
      Object.fromEntries([...this.#parameters].map(([name, { shape }]) => [name, buffer(zeros(shape))]));
    this.importance = cells();
    this.anchors = cells();
  }

  /** Takes the weights as they are for θ*, and measures F on batches of one sequence each. */
  async consolidate<Batch>(batches: readonly Batch[], lossOf: (batch: Batch) => Tensor): Promise<void> {
    const count = batches.length;
    const measure = compile((batch: Batch) => {
      const loss = lossOf(batch);
      const slopes = grad(loss, Object.fromEntries(this.#parameters)) as unknown as Readonly<Record<string, Tensor>>;
      for (const [name, cell] of Object.entries(this.importance))
        cell.assign(add(cell.read(), div(square(slopes[name]!), count)));
      return loss;
    });
    for (const [name, parameter] of this.#parameters) {
      this.anchors[name]!.assign(parameter.read());
      this.importance[name]!.assign(zeros(parameter.shape));
    }
    await realize();
    for (const batch of batches) await measure(batch);
  }

  /** The penalty, of which λ/2 times is added to the loss. It is 0 before `consolidate`. */
  penalty(): Tensor {
    return [...this.#parameters]
      .map(([name, parameter]) =>
        sum(mul(this.importance[name]!.read(), square(sub(parameter.read(), this.anchors[name]!.read())))),
      )
      .reduce((a, b) => add(a, b));
  }
}
