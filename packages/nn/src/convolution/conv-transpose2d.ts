import type { Spatial } from "./convolution-layer.ts";
import { TransposedConvolutionLayer, type TransposedConvolutionLayerOptions } from "./transposed-convolution-layer.ts";

/**
 * The transpose of `Conv2d`; with a stride it enlarges its input. Zeiler et al. 2010.
 *
 * x [batch, inputs, rows, columns] gives [batch, outputs, rows′, columns′].
 *
 * @throws ArgumentError for settings that do not fit
 * @example const layer = new ConvTranspose2d(4, 1, 4, { stride: 2, padding: 1 });
 * layer.forward(zeros([1, 4, 7, 7])).shape // [1, 1, 14, 14]
 */
export class ConvTranspose2d extends TransposedConvolutionLayer {
  constructor(inputs: number, outputs: number, window: Spatial, options: TransposedConvolutionLayerOptions = {}) {
    super(2, inputs, outputs, window, options);
  }
}
