import { TransposedConvolutionLayer, type TransposedConvolutionLayerOptions } from "./transposed-convolution-layer.ts";

/**
 * The transpose of `Conv1d`; with a stride it lengthens its input. Zeiler et al. 2010.
 *
 *   y[o, t · stride + k · dilation − padding] += W[i, o, k] x[i, t]
 *
 * x [batch, inputs, time] gives [batch, outputs, time′].
 *
 * @throws ArgumentError for settings that do not fit
 * @example new ConvTranspose1d(2, 3, 4, { stride: 2, padding: 1 }).forward(zeros([1, 2, 8])).shape  // [1, 3, 16]
 */
export class ConvTranspose1d extends TransposedConvolutionLayer {
  constructor(inputs: number, outputs: number, window: number, options: TransposedConvolutionLayerOptions = {}) {
    super(1, inputs, outputs, window, options);
  }
}
