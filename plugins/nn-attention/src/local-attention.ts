import { abs, attention, concat, iota, pad, ShapeError, slice, where, type DType, type Tensor } from "@ansatz/core";
import { MultiHeadAttention, type AttendOptions, type AttentionFactory, type KeyValue } from "@ansatz/nn";
import type { MultiHeadAttentionOptions } from "@ansatz/nn";
import { maskOfKeys, penalty, refusePositions, whole } from "./limits.ts";

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
 * @example new LocalAttention(8, { heads: 2, window: 2 }).forward(zeros([1, 5, 8])).shape  // [1, 5, 8]
 */
export class LocalAttention extends MultiHeadAttention {
  readonly window: number;
  readonly sinks: number;

  constructor(width: number, options: MultiHeadAttentionOptions & LocalAttentionOptions) {
    super(width, options);
    const { window, sinks = 0 } = options;
    refusePositions(this, ["alibi"], "the distances to sinks would need a bias of their own");
    this.window = whole("LocalAttention: window", window);
    this.sinks = whole("LocalAttention: sinks", sinks, 0);
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    const { causal = false } = options;
    const [batch, heads, time, features] = query.shape as [number, number, number, number];
    if (key.shape[2] !== time)
      throw new ShapeError(
        `LocalAttention: there are ${time} queries and ${key.shape[2]} keys, but both must be one sequence`,
      );
    // Chunks as long as the window: a query then looks at its own chunk and its neighbours alone, and at the sinks.
    const size = Math.min(this.window, time);
    const count = Math.ceil(time / size);
    const neighbours = causal ? [0, 1] : [0, 1, 2];
    const chunked = (x: Tensor, before: number, chunks: number): Tensor =>
      pad(x, [
        [0, 0],
        [0, 0],
        [before * size, (chunks - before) * size - time],
        [0, 0],
      ]).reshape([...x.shape.slice(0, 2), chunks, size, x.shape[3]!]);
    const around = (x: Tensor): Tensor => {
      const first = slice(x, [null, null, [0, this.sinks]]).expandDims(2);
      const sinks = first.broadcastTo([...x.shape.slice(0, 2), count, first.shape[3]!, x.shape[3]!]);
      const chunks = chunked(x, 1, count + neighbours.length - 1);
      return concat([sinks, ...neighbours.map((by) => slice(chunks, [null, null, [by, by + count]]))], 3);
    };
    const places = iota(time).add(1).reshape([1, 1, time, 1]); // 0 is beyond the ends
    const [i, j] = [chunked(places, 0, count), around(places).transpose()];
    const distance = causal ? i.sub(j) : abs(i.sub(j));
    const isSink = iota(j.shape.at(-1)!).less(Math.min(this.sinks, time));
    const allowed = isSink.xor(distance.less(this.window)); // a sink within the window is there twice
    const mask = maskOfKeys(this, options, time);
    const mixed = attention(chunked(query, 0, count), around(key), around(value), {
      // More than a mask's, as in core's attention: a query whose keys are all masked does not look outside the window.
      bias: penalty(allowed.and(distance.greaterEqual(0)).and(j.greater(0)), key.dtype).mul(2),
      ...(mask !== undefined && { mask: around(mask).transpose() }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return slice(mixed.reshape([batch, heads, count * size, features]), [null, null, [0, time]]);
  }

  /** Room for the sinks, then for the window, in which the latest position takes the place of the oldest. */
  override begin(batch: number, length: number, dtype: DType): KeyValue {
    return super.begin(batch, Math.min(length, this.sinks + this.window), dtype);
  }

  override step(x: Tensor, position: Tensor, cache: KeyValue): readonly [Tensor, KeyValue] {
    const latest = this.keyValue(x, position);
    const { sinks, window } = this;
    const place = where(position.less(sinks), position, position.sub(sinks).remainder(window).add(sinks));
    const next = {
      key: cache.key.dynamicUpdateSlice(latest.key, [0, 0, place, 0]),
      value: cache.value.dynamicUpdateSlice(latest.value, [0, 0, place, 0]),
    };
    const [keys, values] = [this.forEachHead(next.key), this.forEachHead(next.value)];
    const mask = iota(cache.key.shape[2]!).lessEqual(position); // the places that are filled
    return [this.joined(super.mix(this.queries(x, position), keys, values, { mask })), next];
  }
}

/**
 * Makes `LocalAttention` for a Transformer block.
 *
 * @example const block = new TransformerBlock(8, { heads: 2, attention: localAttention({ window: 2 }) });
 * block.forward(zeros([1, 5, 8])).shape // [1, 5, 8]
 */
export function localAttention(options: LocalAttentionOptions): AttentionFactory {
  return (width, block) => new LocalAttention(width, { ...block, ...options });
}
