import { add, ArgumentError, div, mapGradients, minimum, mul, norm, type Tensor } from "@ansatz/core";
import type { MapTree, Tree } from "@ansatz/core/plugin";

/**
 * Scales each gradient on its own so that its norm is at most `limit`: g · min(1, limit / ‖g‖). The results remain
 * gradients of the same parameters.
 *
 * @throws ArgumentError unless the limit is above 0
 * @example clipByNorm([tensor([3, 4])], 1)[0]  // [0.6, 0.8]
 */
export function clipByNorm<S extends Tree>(gradients: S, limit: number): MapTree<S, Tensor> {
  if (!(limit > 0)) throw new ArgumentError(`clipByNorm: the limit is ${limit}\n  use a number above 0`);
  return mapGradients(gradients, (g) => mul(g, minimum(1, div(limit, add(norm(g), 1e-6)))));
}
