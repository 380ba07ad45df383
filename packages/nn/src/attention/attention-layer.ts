import type { DType, Module, Tensor, TensorLike } from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";

/** What a query may look at, and what is added to the scores. */
export interface AttendOptions {
  /** If true, no position looks ahead. Default: false. */
  readonly causal?: boolean;
  /** True where a query may look at a key. Broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: TensorLike;
  /** Added to the scores. Broadcasts to [batch, heads, queries, keys]. */
  readonly bias?: TensorLike;
  /** The position of the first query among the keys, for rotary positions and ALiBi. Default: 0. */
  readonly position?: TensorLike;
}

/**
 * A layer that mixes the positions of a sequence: what a Transformer block accepts as its `attention`.
 *
 * Only `forward` is required. `begin` and `step` add a cache, so that text is written one position at a time instead
 * of by running the whole sequence again.
 */
export interface AttentionLayer extends Module {
  /** [batch, time, width] -> the same. A language model passes `causal: true`; the layer must then not look ahead. */
  forward(x: Tensor, options?: AttendOptions): Tensor;
  /** The empty cache for sequences of up to `length` positions. The first axis of each tensor is the batch. */
  begin?(batch: number, length: number, dtype: DType): Tree;
  /** One more position: x [batch, 1, width] at `position`, a 0-d int32. Returns the output and the new cache. */
  step?(x: Tensor, position: Tensor, cache: Tree): readonly [Tensor, Tree];
}
