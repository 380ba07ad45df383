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

/** The norm of each unit: of a whole vector, or of each row of anything else. */
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
 * Adaptive clipping: the gradient of each unit is at most `limit` times as long as the weights of that unit. Brock, De,
 * Smith & Simonyan 2021, arXiv:2102.06171, equation 3.
 *
 *   gᵢ · min(1, limit · max(‖Wᵢ‖, ε) / ‖gᵢ‖)
 *
 * By default the limit is 0.01, and ε is 10⁻³. The results remain gradients of the same parameters. The authors do not
 * clip the last layer.
 *
 * @throws ArgumentError unless the limit is above 0; GradientError for a tensor that isn't a gradient of a parameter
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
        "clipAdaptively: a tensor isn't a gradient of a parameter\n  pass what grad(loss, model.parameters()) returns",
      );
    const most = mul(limit, maximum(unitNorm(g.node.gradientOf.read()), options.epsilon ?? 1e-3));
    return mul(g, minimum(1, div(most, maximum(unitNorm(g), 1e-6))));
  });
}
