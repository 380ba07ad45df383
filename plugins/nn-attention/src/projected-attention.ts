import {
  ArgumentError,
  broadcastTo,
  cast,
  expandDims,
  mul,
  not,
  reshape,
  ShapeError,
  transpose,
  type DType,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";
import { MultiHeadAttention, rotary, type AttendOptions, type KeyValue } from "@ansatz/nn";

/**
 * Attention with the projections, heads and parameter names of nn's `MultiHeadAttention`, and another way to mix the
 * values. So weights can be loaded from one into the other, also PyTorch's.
 */
export abstract class ProjectedAttention extends MultiHeadAttention {
  /**
   * The new values of each head: query [batch, heads, queries, features], key and value
   * [batch, heads, keys, features] -> [batch, heads, queries, features].
   */
  protected abstract mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor;

  override attend(x: Tensor, { key, value }: KeyValue, options: AttendOptions): Tensor {
    const query = this.queries(x, options.position ?? 0);
    return this.joined(this.mix(query, this.forEachHead(key), this.forEachHead(value), options));
  }

  /** [batch, time, width] -> [batch, heads, time, features], rotated by their positions if these are rotary. */
  protected queries(x: Tensor, position: TensorLike): Tensor {
    const [batch, time] = x.shape as [number, number];
    const shape = [batch, time, this.heads, this.width / this.heads];
    const split = transpose(reshape(this.query.forward(x), shape), [0, 2, 1, 3]);
    if (this.positions !== "rotary") return split;
    return rotary(split, { position, ...(this.rotaryBase !== undefined && { base: this.rotaryBase }) });
  }

  /** Keys or values, once for each query head. */
  protected forEachHead(x: Tensor): Tensor {
    if (this.keyValueHeads === this.heads) return x;
    const [batch, heads, time, features] = x.shape as [number, number, number, number];
    const group = [batch, heads, this.heads / heads, time, features];
    return reshape(broadcastTo(expandDims(x, 2), group), [batch, this.heads, time, features]);
  }

  /** [batch, heads, time, features] -> [batch, time, width], projected. */
  protected joined(mixed: Tensor): Tensor {
    const [batch, , time] = mixed.shape as [number, number, number];
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, this.width]));
  }
}

/** @throws ArgumentError for positions that this attention cannot honour */
export function refusePositions(layer: MultiHeadAttention, refused: readonly string[], reason: string): void {
  if (layer.positions === undefined || !refused.includes(layer.positions)) return;
  throw new ArgumentError(
    `${layer.constructor.name}: it cannot have ${layer.positions === "alibi" ? "ALiBi" : layer.positions} positions, ` +
      `because ${reason}\n  use learned or sinusoidal positions, which are added to the embeddings`,
  );
}

/** @throws ArgumentError for a bias of scores that are never computed */
export function refuseBias(layer: MultiHeadAttention, { bias }: AttendOptions): void {
  if (bias === undefined) return;
  throw new ArgumentError(
    `${layer.constructor.name}: it cannot add a bias to the scores, because it does not compute each score\n` +
      "  leave the bias out, or use blockedAttention",
  );
}

/**
 * A mask of keys as [batch, heads, keys, 1], or with axes of length 1, true where a key counts.
 *
 * @throws ArgumentError if it differs between queries, or if it does not fit the keys
 */
export function maskOfKeys(layer: MultiHeadAttention, given: TensorLike, keys: number): Tensor {
  const mask = toTensor(given);
  const whole = [...Array.from({ length: Math.max(0, 4 - mask.rank) }, () => 1), ...mask.shape];
  const [batch, heads, queries, own] = whole as [number, number, number, number];
  if (queries !== 1)
    throw new ArgumentError(
      `${layer.constructor.name}: the mask is ${showShape(mask.shape)}, but all queries must share one\n` +
        "  pass a mask of keys, as from paddingMask, or use blockedAttention",
    );
  if (own !== keys && own !== 1)
    throw new ShapeError(`${layer.constructor.name}: the mask is ${showShape(mask.shape)}, but there are ${keys} keys`);
  return reshape(mask, [batch, heads, own, 1]);
}

/** Added to scores: 0 where a look is allowed, and elsewhere so little that softmax gives exactly 0. */
export function penalty(allowed: Tensor, dtype: DType): Tensor {
  return mul(cast(not(allowed), dtype), -1e30);
}
