import { Module, mul, ones, parameter, rmsNormalize, type Parameter, type Tensor } from "@ansatz/core";

export interface RMSNormOptions {
  /** ε. Default: that of `rmsNormalize`, the distance from 1 to the next number of the input's dtype, as in PyTorch. */
  readonly epsilon?: number;
}

/**
 * Root-mean-square normalization: y = x / √(mean(x²) + ε) ⊙ γ, over the last axis. Zhang & Sennrich 2019,
 * arXiv:1910.07467.
 *
 * @example new RMSNorm(2, { epsilon: 0 }).forward(tensor([[3, 3]]))  // [[1, 1]]
 */
export class RMSNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly options: RMSNormOptions;

  constructor(features: number, options: RMSNormOptions = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
  }

  forward(x: Tensor): Tensor {
    // [..., features] -> [..., features]
    return mul(rmsNormalize(x, this.options), this.weight);
  }
}
