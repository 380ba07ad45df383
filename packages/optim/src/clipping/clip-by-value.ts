import { ArgumentError, clamp, mapGradients, type Tensor } from "@ansatz/core";
import type { MapTree, Tree } from "@ansatz/core/plugin";

/**
 * Clamps each element of the gradients to [−limit, limit]. The results remain gradients of the same parameters.
 *
 * @throws ArgumentError unless the limit is above 0
 * @example clipByValue([tensor([-3, 0.5])], 1)[0]  // [-1, 0.5]
 */
export function clipByValue<S extends Tree>(gradients: S, limit: number): MapTree<S, Tensor> {
  if (!(limit > 0)) throw new ArgumentError(`clipByValue: the limit is ${limit}\n  use a number above 0`);
  return mapGradients(gradients, (g) => clamp(g, -limit, limit));
}
