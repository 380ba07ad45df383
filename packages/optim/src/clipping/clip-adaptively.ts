import {
  ArgumentError,
  div,
  GradientError,
  mapGradients,
  maximum,
  minimum,
  mul,
  norm,
  type Tensor,
} from "@ansatz/core";
import type { MapTree, Tree } from "@ansatz/core/plugin";

/** The length of what belongs to one output: of a whole vector, and of each row of anything else. */
function unitNorm(x: Tensor): Tensor {
  return x.rank < 2
    ? norm(x)
    : norm(
        x,
        Array.from({ length: x.rank - 1 }, (_, i) => i + 1),
        { keepDims: true },
      );
}

/**
 * Adaptive clipping: each unit's gradient is at most `limit` times as long as the unit's own weights. Brock, De, Smith
 * & Simonyan 2021, arXiv:2102.06171, equation 3.
 *
 *   gᵢ · min(1, limit · max(‖Wᵢ‖, ε) / ‖gᵢ‖)
 *
 * The limit is 0.01 unless given, ε 10⁻³. Keeps whose gradients they are; the authors leave the last layer out.
 *
 * @throws ArgumentError unless the limit is above 0; GradientError for what is no gradient of a parameter
 * @example clipAdaptively(grad(sum(mul(parameter(tensor([0.5])), 2)), []), 1)  // []
 */
export function clipAdaptively<S extends Tree>(
  gradients: S,
  limit = 0.01,
  options: { readonly epsilon?: number } = {},
): MapTree<S, Tensor> {
  if (!(limit > 0)) throw new ArgumentError(`clipAdaptively: the limit is ${limit}\n  use a number above 0`);
  return mapGradients(gradients, (g) => {
    if (g.node.gradientOf === undefined)
      throw new GradientError(
        "clipAdaptively: a tensor is given that is no gradient of a parameter\n  pass what grad(loss, model.parameters()) returns",
      );
    const most = mul(limit, maximum(unitNorm(g.node.gradientOf.read()), options.epsilon ?? 1e-3));
    return mul(g, minimum(1, div(most, maximum(unitNorm(g), 1e-6))));
  });
}
