import type { Shape } from "@ansatz/core";
import { MaskedDropout } from "./masked-dropout.ts";

/**
 * Sets elements to 0 with probability p while training, and scales the others by 1 / (1 − p). Srivastava et al. 2014.
 *
 * Each call draws a new mask from the layer's own stream. Checkpoints save the state of that stream.
 *
 * @throws ArgumentError for a probability outside [0, 1)
 * @example new Dropout(0.5).eval().forward(tensor([1, 2]))  // [1, 2]
 */
export class Dropout extends MaskedDropout {
  protected override maskShape(shape: Shape): Shape {
    return shape;
  }
}
