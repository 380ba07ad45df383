import { ConvolutionLayer, type ConvolutionLayerOptions, type Spatial } from "./convolution-layer.ts";

/**
 * Convolution over two spatial axes. LeCun et al. 1989.
 *
 *   y[o, r, c] = b[o] + Σ W[o, i, j, k] x[i, r · stride + j · dilation − padding, c · stride + k · dilation − padding]
 *
 * x [batch, inputs, rows, columns] gives [batch, outputs, rows′, columns′].
 *
 * @throws ArgumentError for settings that do not fit; ShapeError if the window is larger than the padded input
 * @example new Conv2d(1, 4, 3, { stride: 2, padding: 1 }).forward(zeros([1, 1, 28, 28])).shape  // [1, 4, 14, 14]
 */
export class Conv2d extends ConvolutionLayer {
  constructor(inputs: number, outputs: number, window: Spatial, options: ConvolutionLayerOptions = {}) {
    super(2, inputs, outputs, window, options);
  }
}
