import { abs, attention, concat, iota, pad, ShapeError, slice, where, type DType, type Tensor } from "@ansatz/core";
import type { AttendOptions, AttentionFactory, KeyValue, MultiHeadAttentionOptions } from "@ansatz/nn";
import { checkWhole, penalty, ProjectedAttention } from "./projected-attention.ts";

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
    this.refusePositions(["alibi"], "the distances to sinks would need a bias of their own");
    checkWhole("LocalAttention: window", window);
    checkWhole("LocalAttention: sinks", sinks, 0);
    this.window = window;
    this.sinks = sinks;
  }

  protected override mix(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
    this.refuseBias(options);
    const { causal = false, mask } = options;
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
      pad(x, [[0, 0], [0, 0], [before * size, (chunks - before) * size - time], [0, 0]]) // prettier-ignore
        .reshape([...x.shape.slice(0, 2), chunks, size, x.shape[3]!]);
    const around = (x: Tensor): Tensor => {
      const first = slice(x, [null, null, [0, this.sinks]]).expandDims(2);
      const sinks = first.broadcastTo([...x.shape.slice(0, 2), count, first.shape[3]!, x.shape[3]!]);
      const chunks = chunked(x, 1, count + neighbours.length - 1);
      return concat([sinks, ...neighbours.map((by) => slice(chunks, [null, null, [by, by + count]]))], 3);
    };
    const mixed = attention(chunked(query, 0, count), around(key), around(value), {
      bias: penalty(this.#near(time, size, count, causal), key.dtype),
      ...(mask !== undefined && { mask: around(this.maskOfKeys(mask, time)).transpose() }),
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return slice(mixed.reshape([batch, heads, count * size, features]), [null, null, [0, time]]);
  }

  /** True where a query of a chunk may look: the sinks, then the chunks around it. [count, size, places] */
  #near(time: number, size: number, count: number, causal: boolean): Tensor {
    const i = iota(count * size).reshape([count, size, 1]);
    const span = iota((causal ? 2 : 3) * size).sub(size);
    const j = iota(count).reshape([count, 1, 1]).mul(size).add(span); // [count, 1, span]
    const distance = (to: Tensor): Tensor => (causal ? i.sub(to) : abs(i.sub(to)));
    const inside = j.greaterEqual(0).and(j.less(time));
    const near = distance(j).less(this.window).and(distance(j).greaterEqual(0)).and(inside);
    const sinks = distance(iota(Math.min(this.sinks, time))).greaterEqual(this.window); // others are near
    return concat([sinks, near], 2);
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
    const mixed = attention(this.queries(x, position), this.forEachHead(next.key), this.forEachHead(next.value), {
      mask: iota(cache.key.shape[2]!).lessEqual(position), // the places that are filled
      transformWeights: (weights) => this.dropout.forward(weights),
    });
    return [this.joined(mixed), next];
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
