import type { Shape } from "@ansatz/core";
import { MaskedDropout } from "./masked-dropout.ts";

/**
 * Dropout of whole feature maps: each channel of [batch, channels, ...space] is kept or dropped as a whole, because a
 * single element can be guessed from its neighbours. Tompson et al. 2014, arXiv:1411.4280.
 *
 * @throws ArgumentError for a probability outside [0, 1)
 * @example new FeatureDropout(0.5).eval().forward(ones([1, 2, 2]))  // [[[1, 1], [1, 1]]]
 */
export class FeatureDropout extends MaskedDropout {
  protected override maskShape(shape: Shape): Shape {
    return shape.map((length, i) => (i < 2 ? length : 1));
  }
}
