import { add, ArgumentError, exp, expm1, log, Module, mul, neg, parameter, softplus } from "@ansatz/core";
import {
  reshape,
  ShapeError,
  split,
  transpose,
  uniform,
  zeros,
  type DType,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Linear, RMSNorm, streamOf } from "@ansatz/nn";
import type { AttendOptions, AttentionFactory, AttentionLayer, MultiHeadAttentionOptions } from "@ansatz/nn";
import { checkSizes } from "./check-sizes.ts";
import type { ChunkOptions } from "./chunks.ts";
import { ShortConvolution } from "./short-convolution.ts";

/** Heads, and what a Transformer block passes: `bias` (default: false), initial weights and the random stream. */
export interface StateSpaceLayerOptions extends Pick<
  MultiHeadAttentionOptions,
  "heads" | "bias" | "initializer" | "outputInitializer" | "random"
> {
  /** How many positions the short convolution sees, the present one among them. Default: 4. */
  readonly window?: number;
  /** The greatest number of positions in a chunk. Default: that of the function. */
  readonly chunk?: number;
}

/** What generation keeps of the positions before. Its size does not depend on their number. */
export type StateSpaceCache = {
  readonly past: Tensor; // inputs of the convolution  [batch, window - 1, channels]
  readonly state: Tensor; // [batch, heads, state or keys, values]
};

/** What a layer mixes along time, once it is projected and convolved. */
export interface Mixed {
  readonly gate: Tensor; // [batch, time, inner]
  readonly channels: Tensor; // [batch, time, channels]
  readonly logDecay: Tensor; // [batch, heads, time]
  readonly Δ: Tensor; // [batch, heads, time]
  readonly rest: Tensor; // [batch, rest, time]
}

/** Numbers of features. */
interface Sizes {
  readonly inner: number; // of the gate, and of what enters the last projection
  readonly channels: number; // of the convolution
  readonly rest?: number; // of what is projected besides
  readonly normalized: number;
  readonly state: readonly [heads: number, keys: number, values: number];
}

/**
 * The common part of the layers: around a recurrence, projections, a short convolution, and decays e^(−AΔ) with steps
 * Δ = softplus(x + b). Gu & Dao 2023, arXiv:2312.00752, Section 3.6; first values as in Mamba-2's code.
 */
export abstract class StateSpaceLayer extends Module implements AttentionLayer {
  readonly sizes: Sizes;
  readonly chunk: Pick<ChunkOptions, "chunk">;
  readonly input: Linear; // to gate, channels, steps and the rest
  readonly convolution: ShortConvolution;
  readonly logRate: Parameter; // ln A, where A is at first U(1, 16)  [heads]
  readonly stepBias: Parameter; // b, at first softplus(b) is log-uniform from 0.001 to 0.1  [heads]
  readonly norm: RMSNorm;
  readonly output: Linear;

  constructor(width: number, options: StateSpaceLayerOptions, sizes: Sizes, convolutionBias: boolean) {
    super();
    const { heads, window = 4, chunk, bias = false, initializer, outputInitializer = initializer } = options;
    if (chunk !== undefined) checkSizes(this.constructor.name, { chunk });
    const random = streamOf(options.random);
    const projected = sizes.inner + sizes.channels + heads + (sizes.rest ?? 0);
    this.sizes = sizes;
    this.chunk = chunk === undefined ? {} : { chunk };
    this.input = new Linear(width, projected, { bias, random, ...(initializer && { initializer }) });
    this.convolution = new ShortConvolution(sizes.channels, window, { bias: convolutionBias, random });
    this.logRate = parameter(log(uniform(random.next(), [heads], { low: 1, high: 16 })));
    const Δ = exp(uniform(random.next(), [heads], { low: Math.log(0.001), high: Math.log(0.1) }));
    this.stepBias = parameter(add(Δ, log(neg(expm1(neg(Δ))))));
    this.norm = new RMSNorm(sizes.normalized, { epsilon: 1e-5 });
    const last = outputInitializer && { initializer: outputInitializer };
    this.output = new Linear(sizes.inner, width, { bias, random, ...last });
  }

  /** The recurrence, from a state or from the start: what enters the last projection, and the next state. */
  protected abstract mix(mixed: Mixed, options: ChunkOptions): readonly [y: Tensor, state: Tensor];

  forward(x: Tensor, { causal, mask, bias }: AttendOptions = {}): Tensor {
    const refused = [
      causal === false && "causal is false, but a state holds only what came before\n  use it in a decoder",
      mask !== undefined && "there are no scores to mask\n  put padding at the end, and leave it out of the loss",
      bias !== undefined && "there are no scores to add a bias to\n  leave it out",
    ].find(Boolean);
    if (refused !== undefined) throw new ArgumentError(`${this.constructor.name}: ${refused}`);
    return this.#run(x)[0];
  }

  begin(batch: number, _length: number, dtype: DType): StateSpaceCache {
    const [channels, , window] = this.convolution.weight.shape as [number, number, number];
    return {
      past: zeros([batch, window - 1, channels], { dtype }),
      state: zeros([batch, ...this.sizes.state], { dtype }),
    };
  }

  step(x: Tensor, _position: Tensor, cache: StateSpaceCache): readonly [Tensor, StateSpaceCache] {
    return this.#run(x, cache);
  }

  #run(x: Tensor, cache?: StateSpaceCache): readonly [Tensor, StateSpaceCache] {
    const { inner, channels, rest = 0 } = this.sizes;
    const width = this.input.weight.shape[1]!;
    if (x.rank !== 3 || x.shape[2] !== width)
      throw new ShapeError(`${this.constructor.name}: x is ${showShape(x.shape)} but must be [batch, time, ${width}]`);
    const parts = split(this.input.forward(x), [inner, channels, this.sizes.state[0], rest]);
    const [gate, before, steps, other] = parts as [Tensor, Tensor, Tensor, Tensor];
    const [convolved, past] = this.convolution.forward(before, cache?.past);
    const Δ = transpose(softplus(add(steps, this.stepBias)));
    const logDecay = neg(mul(reshape(exp(this.logRate), [-1, 1]), Δ));
    const mixed = { gate, channels: convolved, logDecay, Δ, rest: transpose(other) };
    const [y, state] = this.mix(mixed, { ...this.chunk, ...(cache && { state: cache.state }) });
    return [this.output.forward(y), { past, state }];
  }
}

/** [batch, time, heads · features] -> [batch, heads, time, features] */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, time, width] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, time, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, time, features] -> [batch, time, heads · features] */
export function joinHeads(x: Tensor): Tensor {
  const [batch, heads, time, features] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, time, heads * features]);
}

/** A factory for Transformer blocks. It refuses what a block asks of attention and these layers do not have. */
export function factoryOf<Options extends StateSpaceLayerOptions>(
  name: string,
  make: (width: number, options: Options) => AttentionLayer,
  own: Partial<Options>,
): AttentionFactory {
  const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)); // else the block's
  return (width, { dropout: _ofWeights, positions, keyValueHeads, rotaryBase: _rotary, ...given }) => {
    for (const [option, value] of Object.entries({ positions, keyValueHeads }))
      if (value !== undefined)
        throw new ArgumentError(`${name}: ${option} is ${value}, which belongs to attention\n  leave it out`);
    return make(width, { ...given, ...set } as Options);
  };
}
