import { ConvolutionLayer, type ConvolutionLayerOptions } from "./convolution-layer.ts";

/**
 * Convolution over one spatial axis: y[o, t] = b[o] + Σ W[o, i, k] x[i, t · stride + k · dilation − padding].
 *
 * x [batch, inputs, time] gives [batch, outputs, time′].
 *
 * @throws ArgumentError for settings that do not fit; ShapeError if the window is larger than the padded input
 * @example new Conv1d(2, 3, 5, { padding: "same" }).forward(zeros([1, 2, 8])).shape  // [1, 3, 8]
 */
export class Conv1d extends ConvolutionLayer {
  constructor(inputs: number, outputs: number, window: number, options: ConvolutionLayerOptions = {}) {
    super(1, inputs, outputs, window, options);
  }
}
