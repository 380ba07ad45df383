import { add, expandDims, mul, ones, parameter, reshape, silu, split, type Parameter, type Tensor } from "@ansatz/core";
import type { AttentionFactory } from "@ansatz/nn";
import { checkSizes } from "./check-sizes.ts";
import type { ChunkOptions } from "./chunks.ts";
import { stateSpaceDuality } from "./state-space-duality.ts";
import { factoryOf, joinHeads, splitHeads, StateSpaceLayer, type Mixed } from "./state-space-layer.ts";
import type { StateSpaceLayerOptions } from "./state-space-layer.ts";

export interface Mamba2Options extends StateSpaceLayerOptions {
  /** The size of the state for each value. All heads share B and C. Default: 128. */
  readonly state?: number;
  /** How many times as wide the layer is inside. Default: 2. */
  readonly expand?: number;
}

/**
 * Mamba-2: a projection to gate z, values x, B, C and steps Δ; a short convolution of x, B and C; the state space of
 * Δ x, with decays e^(−AΔ), and D x added; RMSNorm(y ⊙ silu(z)); a projection. Dao & Gu 2024, arXiv:2405.21060, Section
 * 7. The state keeps its size, expand · width · state, however long the sequence is.
 *
 * x and the result are [batch, time, width]. No position looks ahead.
 *
 * @throws ArgumentError for sizes that aren't whole numbers or do not fit, and for a mask, a bias and `causal: false`;
 * ShapeError for an x of another rank or width
 * @example new Mamba2(8, { heads: 2, state: 4 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class Mamba2 extends StateSpaceLayer {
  readonly skip: Parameter; // D  [heads]

  constructor(width: number, options: Mamba2Options) {
    const { heads, state = 128, expand = 2, window = 4 } = options;
    const inner = expand * width;
    checkSizes("Mamba2", { heads, state, window, "expand · width": inner, "expand · width / heads": inner / heads });
    const channels = inner + 2 * state;
    super(width, options, { inner, channels, normalized: inner, state: [heads, state, inner / heads] }, true);
    this.skip = parameter(ones([heads]));
  }

  protected mix({ gate, channels, logDecay, Δ }: Mixed, options: ChunkOptions): readonly [Tensor, Tensor] {
    const [inner, [heads, size]] = [this.sizes.inner, this.sizes.state];
    const [values, B, C] = split(channels, [inner, size, size]) as [Tensor, Tensor, Tensor];
    const x = splitHeads(values, heads);
    const [keys, queries] = [expandDims(B, 1), expandDims(C, 1)];
    const [y, state] = stateSpaceDuality(mul(x, expandDims(Δ, -1)), logDecay, keys, queries, options);
    const skipped = joinHeads(add(y, mul(x, reshape(this.skip, [-1, 1, 1]))));
    return [this.norm.forward(mul(skipped, silu(gate))), state];
  }
}

/**
 * Mamba-2 instead of attention: `new TransformerLM({ …, attention: mamba2({ state: 64 }) })`. Heads, biases, initial
 * weights and random stream are those of the block, unless given. There are no attention weights to drop.
 *
 * @throws ArgumentError, when the block is made, for rotary positions, ALiBi and key-value heads
 * @example const block = new TransformerBlock(8, { heads: 2, attention: mamba2({ state: 4 }) });
 * block.forward(zeros([1, 3, 8])).shape // [1, 3, 8]
 */
export function mamba2(options: Partial<Mamba2Options> = {}): AttentionFactory {
  return factoryOf<Mamba2Options>("mamba2", (width, all) => new Mamba2(width, all), options);
}
