import {
  ArgumentError,
  broadcastTo,
  concat,
  matmul,
  parameter,
  softmax,
  uniform,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { AdditiveScores } from "./additive-scores.ts";
import { masked, PlaceDecoder, streamOf, type Memory, type PlaceDecoderOptions } from "./place-decoder.ts";

export interface PointerNetworkOptions extends PlaceDecoderOptions {
  /**
   * How often the decoder looks at the elements before it points, with attention of the same form. Default: 0. Bello et
   * al. 2016, arXiv:1611.09940, Appendix A.1.
   */
  readonly glimpses?: number;
}

/** The states of the encoder and, if outputs end, that of the end; and what attention makes of them. */
interface Keys {
  readonly states: Tensor; // e  [batch, choices, hidden]
  readonly pointed: Tensor; // W₁ e, for pointing
  readonly glimpsed: Tensor; // W₁ e, for glimpses; without them the same as `pointed`
}

/**
 * A pointer network: at each step its answer is a place of the input, by the weights of additive attention. Vinyals,
 * Fortunato & Jaitly 2015, arXiv:1506.03134, Section 2.3.
 *
 *   uⱼ = vᵀ tanh(W₁ eⱼ + W₂ dᵢ)      p(Cᵢ | C₁, …, Cᵢ₋₁, P) = softmax(u)
 *
 * eⱼ are the states of the encoder and dᵢ is that of the decoder, which reads the element at Cᵢ₋₁. With `ends` there is
 * one more e, which is learned: pointing at it ends the output. With glimpses, d is replaced by Σⱼ softmax(u)ⱼ eⱼ, once
 * for each of them, with weights of their own. Nothing depends on the number of places, so inputs may have any.
 *
 * `forward` gives the scores u for a known output, to train it; `greedy` and `beamSearch` say places.
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for inputs that do not fit
 * @example const network = new PointerNetwork({ inputs: 2, hidden: 8 });
 * const points = zeros([3, 5, 2]);
 * network.forward(points, zeros([3, 5], { dtype: "int32" })).shape // [3, 5, 5]
 * network.greedy(points, { constraint: eachOnce }).shape // [3, 5]
 */
export class PointerNetwork extends PlaceDecoder<Keys> {
  readonly glimpses: number;
  readonly pointer: AdditiveScores;
  readonly glimpse: AdditiveScores | undefined;
  readonly end: Parameter | undefined; // ⇐, the state to point at to end the output  [hidden]

  constructor(options: PointerNetworkOptions) {
    const { hidden, glimpses = 0 } = options;
    const random = streamOf(options.random);
    super(options, random);
    if (!Number.isInteger(glimpses) || glimpses < 0)
      throw new ArgumentError(`PointerNetwork: glimpses is ${String(glimpses)}\n  use a whole number, 0 or more`);
    const bound = 1 / Math.sqrt(hidden);
    this.glimpses = glimpses;
    this.pointer = new AdditiveScores(hidden, random);
    this.glimpse = glimpses === 0 ? undefined : new AdditiveScores(hidden, random);
    this.end = this.ends ? parameter(uniform(random.next(), [hidden], { low: -bound, high: bound })) : undefined;
  }

  protected override keysOf(encoded: Tensor): Keys {
    const end = this.end && broadcastTo(this.end, [encoded.shape[0]!, 1, this.hidden]);
    const states = end === undefined ? encoded : concat([encoded, end], 1);
    const pointed = this.pointer.key.forward(states);
    return { states, pointed, glimpsed: this.glimpse?.key.forward(states) ?? pointed };
  }

  protected override score(queries: Tensor, { keys }: Memory<Keys>, valid: Tensor): Tensor {
    let d = queries; // [batch, queries, hidden]
    for (let i = 0; i < this.glimpses; i++)
      d = matmul(softmax(masked(this.glimpse!.forward(d, keys.glimpsed), valid)), keys.states);
    return this.pointer.forward(d, keys.pointed);
  }
}
