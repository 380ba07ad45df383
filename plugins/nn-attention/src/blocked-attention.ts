import { attention, checkpoint, concat, iota, ShapeError, slice, type AttentionOptions } from "@ansatz/core";
import type { SliceRange, Tensor, TensorLike } from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";
import { alibiBias, type AttendOptions, type AttentionFactory, type MultiHeadAttentionOptions } from "@ansatz/nn";
import { checkWhole, penalty, ProjectedAttention } from "./projected-attention.ts";

export interface BlockedAttentionOptions {
  /** The number of queries that are computed at once. Default: 256. */
  readonly block?: number;
}

/** Queries from `start` to `end` and keys up to `keys`: one block of the scores. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly keys: number;
}

/**
 * Exact attention in memory that grows with the length: queries in blocks, each with only the keys that it may look at,
 * and computed again in the backward pass. The result is that of core's `attention`. Dao et al. 2022, arXiv:2205.14135,
 * whose tiles also divide the keys; here a block has whole rows of scores, so that its softmax is the usual one.
 *
 * query [..., queries, features], key [..., keys, features], value [..., keys, outputs] give [..., queries, outputs].
 * Beyond inputs and result, the memory is that of one block, block · keys. `biasOf` makes the bias of a block, for a
 * bias that would be too large as a whole.
 *
 * @throws ShapeError if causal queries and keys differ in number; ArgumentError unless the block is a whole number
 * @example attendInBlocks(zeros([1, 2]), zeros([2, 2]), tensor([[1], [3]]))  // [[2]]
 */
export function attendInBlocks(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: AttentionOptions & BlockedAttentionOptions & { readonly biasOf?: (block: Block) => Tensor } = {},
): Tensor {
  const { block = 256, causal = false, mask, bias, biasOf, ...rest } = options;
  checkWhole("attendInBlocks: block", block);
  const [q, k, v] = [toTensor(query), toTensor(key), toTensor(value)];
  const [queries, keys] = [q.shape.at(-2)!, k.shape.at(-2)!];
  if (causal && queries !== keys)
    throw new ShapeError(
      `attendInBlocks: causal needs as many queries as keys, but the query is ${showShape(q.shape)} ` +
        `and the key is ${showShape(k.shape)}\n  pass a mask instead`,
    );
  const results = Array.from({ length: Math.ceil(queries / block) }, (_, i): Tensor => {
    const end = Math.min(queries, (i + 1) * block);
    const part: Block = { start: i * block, end, keys: causal ? end : keys };
    const attend = (q: Tensor, k: Tensor, v: Tensor, ...given: Tensor[]): Tensor => {
      const biases = [...given.map((x) => ofScores(x, part)), ...(biasOf ? [biasOf(part)] : [])];
      if (causal) biases.push(penalty(behind(part), q.dtype));
      return attention(ofRows(q, part.start, end), ofRows(k, 0, part.keys), ofRows(v, 0, part.keys), {
        ...rest,
        ...(mask !== undefined && { mask: ofScores(mask, part) }),
        ...(biases.length > 0 && { bias: biases.reduce((a, b) => a.add(b)) }),
      });
    };
    return checkpoint(attend as (...inputs: Tensor[]) => Tensor)(q, k, v, ...(bias === undefined ? [] : [bias]));
  });
  return concat(results, -2);
}

function ofRows(x: Tensor, start: number, end: number): Tensor {
  return slice(x, [...x.shape.slice(0, -2).map(() => null), [start, end]]);
}

/** The part of a mask or bias, which may have axes of length 1, for one block. */
function ofScores(given: TensorLike, { start, end, keys }: Block): Tensor {
  const x = toTensor(given);
  const ranges: SliceRange[] = [...x.shape.slice(0, -2).map(() => null), [start, end], [0, keys]];
  return slice(
    x,
    ranges.slice(ranges.length - x.rank).map((range, axis) => (x.shape[axis] === 1 ? null : range)),
  );
}

/** True where a key is not ahead of the query, [end - start, keys]. */
function behind({ start, end, keys }: Block): Tensor {
  return iota(end - start)
    .reshape([end - start, 1])
    .add(start)
    .greaterEqual(iota(keys));
}

/**
 * Exact attention in memory that grows with the length: `attendInBlocks` for each head. Dao et al. 2022,
 * arXiv:2205.14135.
 *
 * It honours all that nn's `MultiHeadAttention` does, with the same results and gradients. Dropped weights
 * (`dropout`) are drawn outside the blocks, so that with them memory still grows with the square.
 *
 * @throws ArgumentError unless the block is a whole number
 * @example new BlockedAttention(8, { heads: 2, block: 2 }).forward(zeros([1, 3, 8]), { causal: true }).shape  // [1, 3, 8]
 */
export class BlockedAttention extends ProjectedAttention {
  readonly block: number | undefined;

  constructor(width: number, options: MultiHeadAttentionOptions & BlockedAttentionOptions) {
    super(width, options);
    this.block = options.block;
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    const { position = 0, ...attend } = options;
    const biasOf = ({ start, end, keys }: Block): Tensor =>
      alibiBias(this.heads, keys, { queries: end - start, position: toTensor(position).add(start), dtype: key.dtype });
    return attendInBlocks(query, key, value, {
      ...attend,
      ...(this.block !== undefined && { block: this.block }),
      ...(this.positions === "alibi" && { biasOf }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
  }
}

/**
 * Makes `BlockedAttention` for a Transformer block.
 *
 * @example new TransformerBlock(8, { heads: 2, attention: blockedAttention() }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export function blockedAttention(options: BlockedAttentionOptions = {}): AttentionFactory {
  return (width, block) => new BlockedAttention(width, { ...block, ...options });
}
