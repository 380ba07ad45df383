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
 * The gradients of a batch that is too large for memory: the mean of the gradients of `count` equal parts.
 *
 * Call `add` for every part except the last, and `take` for the last one, which returns the mean:
 *
 *   if (last) optimizer.update(accumulation.take(gradients)); else accumulation.add(gradients);
 *
 * @throws ArgumentError unless `count` is a whole number, 1 or more
 * @example new GradientAccumulation(new Linear(1, 1), 4).count  // 4
 */
export class GradientAccumulation extends Module {
  /** The number of parts of a batch. */
  readonly count: number;
  readonly sums: Readonly<Record<string, Cell>>;
  readonly #sumOf: ReadonlyMap<Cell, Cell>;

  constructor(model: Module, count: number) {
    super();
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(`GradientAccumulation: the number of parts is ${count}\n  use a whole number, 1 or more`);
    this.count = count;
    const entries = [...model.namedParameters()].map(
      ([name, parameter]) => [name, parameter, buffer(zeros(parameter.shape, { dtype: parameter.dtype }))] as const,
    );
    this.sums = Object.fromEntries(entries.map(([name, , sum]) => [name, sum]));
    this.#sumOf = new Map(entries.map(([, parameter, sum]) => [parameter, sum]));
  }

  /**
   * Adds the gradients of a part; the next `realize` executes it.
   * @throws GradientError for a tensor that isn't a gradient of the model
   */
  add(gradients: Tree): void {
    mapGradients(gradients, (g) => {
      const sum = this.#cell(g);
      sum.assign(add(sum.read(), g));
      return g;
    });
  }

  /**
   * The mean of the last part's gradients and all that were added before; the sums start again at 0.
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
        "GradientAccumulation: a tensor isn't the gradient of a parameter of the model\n" +
          "  pass what grad(loss, model.parameters()) returns",
      );
    return sum;
  }
}
