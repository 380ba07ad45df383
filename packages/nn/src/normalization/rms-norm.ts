import { Module, mul, ones, parameter, rmsNormalize, type Parameter, type Tensor } from "@ansatz/core";

/**
 * Root-mean-square normalization: y = x / √(mean(x²) + ε) ⊙ γ, over the last axis. Zhang & Sennrich 2019,
 * arXiv:1910.07467.
 *
 * @example new RMSNorm(2, { epsilon: 0 }).forward(tensor([[3, 3]]))  // [[1, 1]]
 */
export class RMSNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly options: { readonly epsilon?: number };

  constructor(features: number, options: { readonly epsilon?: number } = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
  }

  forward(x: Tensor): Tensor {
    // [..., features] -> [..., features]
    return mul(rmsNormalize(x, this.options), this.weight);
  }
}
