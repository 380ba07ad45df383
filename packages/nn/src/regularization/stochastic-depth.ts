import type { Shape } from "@ansatz/core";
import { MaskedDropout } from "./masked-dropout.ts";

/**
 * Stochastic depth: what a residual branch adds is kept or dropped whole, for each example of the batch, and scaled by
 * 1 / (1 − p). Huang et al. 2016, arXiv:1603.09382. For `new Residual(layer, { drop: new StochasticDepth(0.1) })`.
 *
 * @throws ArgumentError for a probability outside [0, 1)
 * @example new StochasticDepth(0.5).eval().forward(ones([1, 2]))  // [[1, 1]]
 */
export class StochasticDepth extends MaskedDropout {
  protected override maskShape(shape: Shape): Shape {
    return shape.map((length, i) => (i === 0 ? length : 1));
  }
}
