import { layerNorm, Module, ones, parameter, zeros, type Parameter, type Tensor } from "@ansatz/core";

export interface LayerNormOptions {
  /** ε. Default: 1e-5. */
  readonly epsilon?: number;
  /** Whether β is added. Default: true. */
  readonly bias?: boolean;
}

/**
 * Layer normalization: y = (x − mean) / √(variance + ε) ⊙ γ + β, over the last axis. Ba, Kiros & Hinton 2016,
 * arXiv:1607.06450.
 *
 * @example new LayerNorm(2, { epsilon: 0 }).forward(tensor([[1, 3]]))  // [[-1, 1]]
 */
export class LayerNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter | undefined; // β  [features]
  readonly options: LayerNormOptions;

  constructor(features: number, options: LayerNormOptions = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
    this.bias = options.bias === false ? undefined : parameter(zeros([features]));
  }

  forward(x: Tensor): Tensor {
    // [..., features] -> [..., features]
    const { weight, bias = zeros(weight.shape, { dtype: weight.dtype }) } = this;
    return layerNorm(x, weight, bias, this.options);
  }
}
