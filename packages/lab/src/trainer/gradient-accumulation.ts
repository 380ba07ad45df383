import {
  add,
  ArgumentError,
  buffer,
  div,
  GradientError,
  mapGradients,
  Module,
  zeros,
  zerosLike,
  type Cell,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import type { MapTree, Tree } from "@ansatz/core/plugin";

/**
 * Gradients of a large batch from smaller ones that fit into memory: the mean of those of `count` equal parts.
 *
 * `add` all but the last part's gradients, and `take` the mean with the last one's:
 *
 *   if (last) optimizer.update(accumulation.take(gradients)); else accumulation.add(gradients);
 *
 * @throws ArgumentError when there is less than one part
 * @example new GradientAccumulation(new Linear(1, 1), 4).count  // 4
 */
export class GradientAccumulation extends Module {
  /** How many parts a batch has. */
  readonly count: number;
  readonly sums: Readonly<Record<string, Cell>>;
  readonly #sumOf: ReadonlyMap<Cell, Cell>;

  constructor(model: Module, count: number) {
    super();
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(`GradientAccumulation: ${count} parts\n  use a whole number, 1 or more`);
    this.count = count;
    const entries = [...model.namedParameters()].map(
      ([name, parameter]) => [name, parameter, buffer(zeros(parameter.shape, { dtype: parameter.dtype }))] as const,
    );
    this.sums = Object.fromEntries(entries.map(([name, , sum]) => [name, sum]));
    this.#sumOf = new Map(entries.map(([, parameter, sum]) => [parameter, sum]));
  }

  /**
   * Adds the gradients of a part; the next `realize` carries it out.
   * @throws GradientError for what is no gradient of the model
   */
  add(gradients: Tree): void {
    mapGradients(gradients, (g) => {
      const sum = this.#cell(g);
      sum.assign(add(sum.read(), g));
      return g;
    });
  }

  /**
   * The mean of these gradients, the last part's, and those added before, which are forgotten.
   * @throws GradientError as `add`
   */
  take<S extends Tree>(gradients: S): MapTree<S, Tensor> {
    return mapGradients(gradients, (g) => {
      const sum = this.#cell(g);
      const mean = div(add(sum.read(), g), this.count);
      sum.assign(zerosLike(g));
      return mean;
    });
  }

  #cell(gradient: Tensor): Cell {
    const sum = this.#sumOf.get(gradient.node.gradientOf as Parameter);
    if (sum === undefined)
      throw new GradientError(
        "GradientAccumulation: a tensor is given that is no gradient of a parameter of its model\n  pass what grad(loss, model.parameters()) returns",
      );
    return sum;
  }
}
