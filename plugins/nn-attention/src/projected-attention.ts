import { ArgumentError, rearrange, type DType, type Tensor, type TensorLike } from "@ansatz/core";
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
    const split = rearrange(this.query.forward(x), "b t (h f) -> b h t f", { h: this.heads });
    if (this.positions !== "rotary") return split;
    return rotary(split, { position, ...(this.rotaryBase !== undefined && { base: this.rotaryBase }) });
  }

  /** Keys or values, once for each query head. */
  protected forEachHead(x: Tensor): Tensor {
    const [batch, heads, time, features] = x.shape as [number, number, number, number];
    const group = [batch, heads, this.heads / heads, time, features];
    return x.expandDims(2).broadcastTo(group).reshape([batch, this.heads, time, features]);
  }

  /** [batch, heads, time, features] -> [batch, time, width], projected. */
  protected joined(mixed: Tensor): Tensor {
    return this.output.forward(rearrange(mixed, "b h t f -> b t (h f)"));
  }

  /** @throws ArgumentError for positions that this attention cannot honour */
  protected refusePositions(refused: readonly string[], reason: string): void {
    if (!refused.includes(this.positions ?? "")) return;
    throw new ArgumentError(
      `${this.constructor.name}: positions cannot be "${this.positions}", because ${reason}\n` +
        "  use learned or sinusoidal positions, which are added to the embeddings",
    );
  }

  /**
   * The mask of keys among the options, as [batch, heads, keys, 1] or with axes of length 1, true where a key counts.
   *
   * @throws ArgumentError if it differs between queries or does not fit the keys, and for a bias
   */
  protected maskOfKeys({ mask: given, bias }: AttendOptions, keys: number): Tensor | undefined {
    if (bias !== undefined)
      throw new ArgumentError(
        `${this.constructor.name}: it cannot add a bias to the scores, because it does not compute each score\n` +
          "  leave the bias out, or use blockedAttention",
      );
    if (given === undefined) return undefined;
    const mask = toTensor(given);
    const [batch = 1, heads = 1, queries = 1, own = 1] = [...Array<number>(4 - mask.rank).fill(1), ...mask.shape];
    if (queries === 1 && (own === keys || own === 1)) return mask.reshape([batch, heads, own, 1]);
    throw new ArgumentError(
      `${this.constructor.name}: the mask is ${showShape(mask.shape)}, but queries must share one of ${keys} keys\n` +
        "  pass a mask of keys, as from paddingMask, or use blockedAttention",
    );
  }
}

/** The value. @throws ArgumentError unless it is a whole number, `least` or more */
export function whole(name: string, value: number, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ArgumentError(`${name} is ${String(value)}\n  use a whole number, ${least} or more`);
}

/** Added to scores: 0 where a look is allowed, and elsewhere so little that softmax gives exactly 0. */
export function penalty(allowed: Tensor, dtype: DType): Tensor {
  return allowed.not().cast(dtype).mul(-1e30);
}
