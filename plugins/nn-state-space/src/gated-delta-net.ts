import { add, mul, rsqrt, sigmoid, silu, split, square, sum, type Tensor } from "@ansatz/core";
import type { AttentionFactory } from "@ansatz/nn";
import { checkSizes } from "./check-sizes.ts";
import type { ChunkOptions } from "./chunks.ts";
import { gatedDeltaRule } from "./gated-delta-rule.ts";
import { factoryOf, joinHeads, splitHeads, StateSpaceLayer, type Mixed } from "./state-space-layer.ts";
import type { StateSpaceLayerOptions } from "./state-space-layer.ts";

export interface GatedDeltaNetOptions extends StateSpaceLayerOptions {
  /** The features of each head's queries and keys. Default: width / heads. */
  readonly keys?: number;
  /** The features of each head's values. Default: 2 · keys. */
  readonly values?: number;
}

/**
 * Gated DeltaNet: a projection to gate z, queries, keys, values, steps Δ and shares β; a short convolution of queries,
 * keys and values; the gated delta rule with decays e^(−AΔ), queries and keys of length 1, and σ(β); RMSNorm(o) ⊙
 * silu(z) for each head; a projection. Yang, Kautz & Hatamizadeh 2024, arXiv:2412.06464, Section 3.4. The state keeps
 * its size, heads · keys · values, however long the sequence is.
 *
 * x and the result are [batch, time, width]. No position looks ahead.
 *
 * @throws ArgumentError for sizes that aren't whole numbers or do not fit, and for a mask, a bias and `causal: false`;
 * ShapeError for an x of another rank or width
 * @example new GatedDeltaNet(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class GatedDeltaNet extends StateSpaceLayer {
  constructor(width: number, options: GatedDeltaNetOptions) {
    const { heads, keys = width / heads, values = 2 * keys, window = 4 } = options;
    checkSizes("GatedDeltaNet", { width, heads, keys, values, window });
    const inner = heads * values;
    const channels = 2 * heads * keys + inner;
    super(width, options, { inner, channels, rest: heads, normalized: values, state: [heads, keys, values] }, false);
  }

  protected mix({ gate, channels, logDecay, rest }: Mixed, options: ChunkOptions): readonly [Tensor, Tensor] {
    const [heads, keys, values] = this.sizes.state;
    const parts = split(channels, [heads * keys, heads * keys, heads * values]).map((part) => splitHeads(part, heads));
    const [q, k, v] = parts as [Tensor, Tensor, Tensor];
    const query = mul(normalized(q), 1 / Math.sqrt(keys));
    const [o, state] = gatedDeltaRule(query, normalized(k), v, logDecay, sigmoid(rest), options);
    return [mul(joinHeads(this.norm.forward(o)), silu(gate)), state];
  }
}

/** Vectors of length 1. */
function normalized(x: Tensor): Tensor {
  return mul(x, rsqrt(add(sum(square(x), -1, { keepDims: true }), 1e-6)));
}

/**
 * Gated DeltaNet instead of attention: `new TransformerLM({ …, attention: gatedDeltaNet() })`. Heads, biases, initial
 * weights and random stream are those of the block, unless given. There are no attention weights to drop.
 *
 * @throws ArgumentError, when the block is made, for rotary positions, ALiBi and key-value heads
 * @example const block = new TransformerBlock(8, { heads: 2, attention: gatedDeltaNet() });
 * block.forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function gatedDeltaNet(options: Partial<GatedDeltaNetOptions> = {}): AttentionFactory {
  return factoryOf<GatedDeltaNetOptions>("gatedDeltaNet", (width, all) => new GatedDeltaNet(width, all), options);
}
