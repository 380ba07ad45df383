import { elu, type Tensor } from "@ansatz/core";
import type { AttentionFactory, MultiHeadAttentionOptions } from "@ansatz/nn";
import { KernelAttention } from "./kernel-attention.ts";
import { refusePositions } from "./limits.ts";

/**
 * Linear attention: φ(x) = elu(x) + 1 instead of the softmax, in time and memory that grow with the length.
 * Katharopoulos et al. 2020, arXiv:2006.16236.
 *
 *   yᵢ = φ(qᵢ) Σⱼ φ(kⱼ) vⱼᵀ / φ(qᵢ) Σⱼ φ(kⱼ)
 *
 * x and the result are [batch, time, width]. Text is written with sums of constant size as the cache. There are no
 * attention weights, so `dropout` has nothing to drop here. A mask must be one of keys, as from `paddingMask`.
 *
 * @throws ArgumentError for rotary or ALiBi positions, a bias, or a mask that differs between queries
 * @example new LinearAttention(8, { heads: 2 }).forward(zeros([1, 3, 8]), { causal: true }).shape  // [1, 3, 8]
 */
export class LinearAttention extends KernelAttention {
  protected readonly mapped: number;

  constructor(width: number, options: MultiHeadAttentionOptions) {
    super(width, options);
    refusePositions(this, ["rotary", "alibi"], "its weights do not depend on the dot product alone");
    this.mapped = width / this.heads;
  }

  protected map(x: Tensor): Tensor {
    return elu(x).add(1);
  }
}

/**
 * Makes `LinearAttention` for a Transformer block.
 *
 * @example const block = new TransformerBlock(8, { heads: 2, attention: linearAttention() });
 * block.forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function linearAttention(): AttentionFactory {
  return (width, options) => new LinearAttention(width, options);
}
