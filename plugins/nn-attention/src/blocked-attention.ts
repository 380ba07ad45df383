import type { Tensor } from "@ansatz/core";
import { MultiHeadAttention, type AttendOptions } from "@ansatz/nn";
import type { AttentionFactory, MultiHeadAttentionOptions } from "@ansatz/nn";
import { whole } from "./limits.ts";

export interface BlockedAttentionOptions {
  /** The number of queries that are computed at once. Default: 256. */
  readonly block?: number;
}

/**
 * Exact attention in memory that grows with the length: nn's `attendInBlocks` for each head. Dao et al. 2022,
 * arXiv:2205.14135.
 *
 * It honours all that nn's `MultiHeadAttention` does, with the same results and gradients. That layer goes over to
 * blocks by itself for long sequences; this one always has them, of the size that you choose, also with dropout.
 * Dropped weights are drawn outside the blocks, so that with them memory still grows with the square.
 *
 * @throws ArgumentError unless the block is a whole number
 * @example new BlockedAttention(8, { heads: 2, block: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class BlockedAttention extends MultiHeadAttention {
  readonly block: number | undefined;

  constructor(width: number, options: MultiHeadAttentionOptions & BlockedAttentionOptions) {
    super(width, options);
    this.block = options.block === undefined ? undefined : whole("BlockedAttention: block", options.block);
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    return this.mixInBlocks(query, key, value, options, this.block);
  }
}

/**
 * Makes `BlockedAttention` for a Transformer block.
 *
 * @example const block = new TransformerBlock(8, { heads: 2, attention: blockedAttention() });
 * block.forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function blockedAttention(options: BlockedAttentionOptions = {}): AttentionFactory {
  return (width, block) => new BlockedAttention(width, { ...block, ...options });
}
