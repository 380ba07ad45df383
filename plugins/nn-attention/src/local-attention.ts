import {
  abs,
  add,
  and,
  ArgumentError,
  attention,
  broadcastTo,
  concat,
  dynamicUpdateSlice,
  expandDims,
  greaterEqual,
  iota,
  less,
  lessEqual,
  pad,
  remainder,
  reshape,
  ShapeError,
  slice,
  sub,
  transpose,
  where,
  type DType,
  type Tensor,
} from "@ansatz/core";
import type { AttendOptions, AttentionFactory, KeyValue, MultiHeadAttentionOptions } from "@ansatz/nn";
import { maskOfKeys, penalty, ProjectedAttention, refuseBias, refusePositions } from "./projected-attention.ts";

export interface LocalAttentionOptions {
  /** A query looks at keys whose distance is below this. */
  readonly window: number;
  /** How many of the first positions every later query also looks at. Default: 0. */
  readonly sinks?: number;
}

/**
 * Attention within a sliding window, in time and memory that grow with the length times the window. Beltagy, Peters &
 * Cohan 2020, arXiv:2004.05150. `sinks` keeps the first positions in sight, where attention goes that nothing else
 * needs: Xiao et al. 2023, arXiv:2309.17453.
 *
 * A causal query i looks at the keys j with i − window < j ≤ i, and at sinks j ≤ i; another one at |i − j| < window,
 * and at all sinks. x and the result are [batch, time, width]. A mask must be one of keys, as from `paddingMask`. Text
 * is written with the keys and values of the window and the sinks as the cache, however long it is. Rotary positions
 * are those in the text; Xiao et al. count positions within the cache instead.
 *
 * @throws ArgumentError for sizes that aren't whole numbers, ALiBi positions, a bias, or a mask that differs between
 * queries; ShapeError for a context of another length
 * @example new LocalAttention(8, { heads: 2, window: 2 }).forward(zeros([1, 5, 8]), { causal: true }).shape  // [1, 5, 8]
 */
export class LocalAttention extends ProjectedAttention {
  readonly window: number;
  readonly sinks: number;

  constructor(width: number, options: MultiHeadAttentionOptions & LocalAttentionOptions) {
    super(width, options);
    const { window, sinks = 0 } = options;
    refusePositions(this, ["alibi"], "the distances to sinks would need a bias of their own");
    if (!Number.isInteger(window) || window < 1)
      throw new ArgumentError(`LocalAttention: window is ${String(window)}\n  use a whole number, 1 or more`);
    if (!Number.isInteger(sinks) || sinks < 0)
      throw new ArgumentError(`LocalAttention: sinks is ${String(sinks)}\n  use a whole number, 0 or more`);
    this.window = window;
    this.sinks = sinks;
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    refuseBias(this, options);
    const { causal = false, mask } = options;
    const [batch, heads, time] = query.shape as [number, number, number];
    if (key.shape[2] !== time)
      throw new ShapeError(
        `LocalAttention: there are ${time} queries and ${key.shape[2]} keys, but both must be one sequence`,
      );
    const chunks = new Chunks(time, Math.min(this.window, time), Math.min(this.sinks, time), causal);
    const mixed = attention(chunks.of(query), chunks.around(key), chunks.around(value), {
      bias: penalty(chunks.near(this.window), key.dtype),
      ...(mask !== undefined && { mask: transpose(chunks.around(maskOfKeys(this, mask, time))) }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return slice(reshape(mixed, [batch, heads, chunks.count * chunks.size, -1]), [null, null, [0, time]]);
  }

  /** Room for the sinks, then for the window, in which the latest position takes the place of the oldest. */
  override begin(batch: number, length: number, dtype: DType): KeyValue {
    return super.begin(batch, Math.min(length, this.sinks + this.window), dtype);
  }

  override step(x: Tensor, position: Tensor, cache: KeyValue): readonly [Tensor, KeyValue] {
    const latest = this.keyValue(x, position);
    const { sinks, window } = this;
    const place = where(less(position, sinks), position, add(remainder(sub(position, sinks), window), sinks));
    const next = {
      key: dynamicUpdateSlice(cache.key, latest.key, [0, 0, place, 0]),
      value: dynamicUpdateSlice(cache.value, latest.value, [0, 0, place, 0]),
    };
    const mask = lessEqual(iota(cache.key.shape[2]!), position); // the places that are filled
    const mixed = attention(this.queries(x, position), this.forEachHead(next.key), this.forEachHead(next.value), {
      mask,
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return [this.joined(mixed), next];
  }
}

/** A sequence in chunks as long as the window: a query then looks at its own chunk and its neighbours alone. */
class Chunks {
  readonly count: number;
  readonly time: number;
  readonly size: number;
  readonly sinks: number;
  readonly causal: boolean;

  constructor(time: number, size: number, sinks: number, causal: boolean) {
    this.count = Math.ceil(time / size);
    this.time = time;
    this.size = size;
    this.sinks = sinks;
    this.causal = causal;
  }

  /** [batch, heads, time, features] -> [batch, heads, count, size, features], with zeros at the end. */
  of(x: Tensor): Tensor {
    return this.#split(x, 0, this.count);
  }

  /**
   * What each chunk looks at, [batch, heads, count, places, features]: the sinks, the chunk before it, its own, and
   * the one after it unless it is causal.
   */
  around(x: Tensor): Tensor {
    const [batch, heads, , features] = x.shape as [number, number, number, number];
    const chunks = this.#split(x, 1, this.count + (this.causal ? 1 : 2));
    const shifted = (by: number): Tensor => slice(chunks, [null, null, [by, by + this.count]]);
    const sinks = broadcastTo(expandDims(slice(x, [null, null, [0, this.sinks]]), 2), [
      batch,
      heads,
      this.count,
      this.sinks,
      features,
    ]);
    return concat([sinks, shifted(0), shifted(1), ...(this.causal ? [] : [shifted(2)])], 3);
  }

  #split(x: Tensor, before: number, count: number): Tensor {
    const [batch, heads, time, features] = x.shape as [number, number, number, number];
    const start = before * this.size;
    const whole = pad(x, [
      [0, 0],
      [0, 0],
      [start, count * this.size - start - time],
      [0, 0],
    ]);
    return reshape(whole, [batch, heads, count, this.size, features]);
  }

  /** What each query may look at, [count, size, places]. */
  near(window: number): Tensor {
    const { count, size, sinks, causal } = this;
    const first = reshape(iota(count), [count, 1, 1]).mul(size); // of each chunk
    const i = add(first, reshape(iota(size), [size, 1]));
    const span = (causal ? 2 : 3) * size;
    const j = add(first, sub(iota(span), size)); // [count, 1, span]
    const distance = (to: Tensor): Tensor => (causal ? sub(i, to) : abs(sub(i, to)));
    const inside = and(greaterEqual(j, 0), less(j, this.time));
    const ahead = greaterEqual(distance(j), 0); // all, if distances are absolute
    const near = and(and(less(distance(j), window), ahead), inside);
    // A sink within the window is already there.
    return concat([greaterEqual(distance(iota(sinks)), window), near], 2);
  }
}

/**
 * Makes `LocalAttention` for a Transformer block.
 *
 * @example new TransformerBlock(8, { heads: 2, attention: localAttention({ window: 2 }) }).forward(zeros([1, 5, 8])).shape  // [1, 5, 8]
 */
export function localAttention(options: LocalAttentionOptions): AttentionFactory {
  return (width, block) => new LocalAttention(width, { ...block, ...options });
}
