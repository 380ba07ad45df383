import { add, ArgumentError, div, mapGradients, minimum, mul, sqrt, square, sum, type Tensor } from "@ansatz/core";
import { leavesOf, toTensor, type MapTree, type Tree } from "@ansatz/core/plugin";

/**
 * The Euclidean norm of all gradients together: √Σ‖g‖².
 *
 * @throws ArgumentError if there are no gradients
 */
export function globalNorm(gradients: Tree): Tensor {
  const squares = leavesOf(gradients).map((g) => sum(square(toTensor(g))));
  if (squares.length === 0) throw new ArgumentError("globalNorm: there are no gradients\n  pass at least one");
  return sqrt(squares.reduce((a, b) => add(a, b)));
}

/**
 * Scales gradients so that their global norm is at most `limit`: g · min(1, limit / ‖g‖). Pascanu, Mikolov & Bengio
 * 2012, arXiv:1211.5063.
 *
 * The results remain gradients of the same parameters.
 *
 * @throws ArgumentError unless the limit is above 0
 */
export function clipByGlobalNorm<S extends Tree>(gradients: S, limit: number): MapTree<S, Tensor> {
  if (!(limit > 0)) throw new ArgumentError(`clipByGlobalNorm: the limit is ${limit}\n  use a number above 0`);
  const scale = minimum(1, div(limit, add(globalNorm(gradients), 1e-6)));
  return mapGradients(gradients, (g) => mul(g, scale));
}
