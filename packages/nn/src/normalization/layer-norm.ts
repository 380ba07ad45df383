import { layerNorm, Module, ones, parameter, zeros, type Parameter, type Tensor } from "@ansatz/core";

/**
 * Layer normalization: y = (x − mean) / √(variance + ε) ⊙ γ + β, over the last axis. Ba, Kiros & Hinton 2016,
 * arXiv:1607.06450.
 *
 * @example new LayerNorm(2, { epsilon: 0 }).forward(tensor([[1, 3]]))  // [[-1, 1]]
 */
export class LayerNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter; // β  [features]
  readonly options: { readonly epsilon?: number };

  constructor(features: number, options: { readonly epsilon?: number } = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
  }

  forward(x: Tensor): Tensor {
    // [..., features] -> [..., features]
    return layerNorm(x, this.weight, this.bias, this.options);
  }
}
