import type { Shape } from "@ansatz/core";
import { MaskedDropout } from "./masked-dropout.ts";

/**
 * Stochastic depth: drops a residual branch with probability p, for each example of the batch, and scales it by 1 / (1
 * − p) otherwise. Huang et al. 2016, arXiv:1603.09382; the paper drops it for the whole batch and scales it in
 * evaluation. Use it as `new Residual(layer, { drop: new StochasticDepth(0.1) })`.
 *
 * @throws ArgumentError for a probability outside [0, 1)
 * @example new StochasticDepth(0.5).eval().forward(ones([1, 2]))  // [[1, 1]]
 */
export class StochasticDepth extends MaskedDropout {
  protected override maskShape(shape: Shape): Shape {
    return shape.map((length, i) => (i === 0 ? length : 1));
  }
}
