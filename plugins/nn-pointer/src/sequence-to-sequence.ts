import { ArgumentError, concat, matmul, ShapeError, slice, softmax, type Tensor } from "@ansatz/core";
import { Linear } from "@ansatz/nn";
import { AdditiveScores } from "./additive-scores.ts";
import { masked, PlaceDecoder, streamOf, type Memory, type PlaceDecoderOptions } from "./place-decoder.ts";

export interface SequenceToSequenceOptions extends PlaceDecoderOptions {
  /** The greatest number of elements: the classes that the last layer tells apart. */
  readonly places: number;
  /** Whether the decoder attends to the elements. Default: true. */
  readonly attention?: boolean;
}

/** The states of the encoder, and what attention makes of them. */
interface Keys {
  readonly states: Tensor; // e  [batch, places, hidden]
  readonly projected: Tensor; // W₁ e
}

/**
 * Sequence to sequence, with and without attention: what a pointer network is compared with. The same encoder and
 * decoder, but a linear layer chooses among a fixed number of places. Vinyals, Fortunato & Jaitly 2015,
 * arXiv:1506.03134, Sections 2.1 and 2.2.
 *
 *   a = softmax(vᵀ tanh(W₁ eⱼ + W₂ d))      d′ = Σⱼ aⱼ eⱼ      scores = W [d, d′] + b
 *
 * Without attention, scores = W d + b.
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for inputs that do not fit, or have more places
 * @example const network = new SequenceToSequence({ inputs: 2, hidden: 8, places: 5 });
 * network.forward(zeros([3, 4, 2]), zeros([3, 4], { dtype: "int32" })).shape // [3, 4, 4]
 */
export class SequenceToSequence extends PlaceDecoder<Keys> {
  readonly places: number;
  readonly attention: AdditiveScores | undefined;
  readonly head: Linear;

  constructor(options: SequenceToSequenceOptions) {
    const { hidden, places, attention = true } = options;
    const random = streamOf(options.random);
    super(options, random);
    if (!Number.isInteger(places) || places < 1)
      throw new ArgumentError(`SequenceToSequence: places is ${String(places)}\n  use a whole number, 1 or more`);
    this.places = places;
    this.attention = attention ? new AdditiveScores(hidden, random) : undefined;
    this.head = new Linear(attention ? 2 * hidden : hidden, places + (this.ends ? 1 : 0), { random });
  }

  protected override keysOf(states: Tensor): Keys {
    if (states.shape[1]! > this.places)
      throw new ShapeError(
        `SequenceToSequence: there are ${states.shape[1]} elements but the network has ${this.places} places\n` +
          "  make it with more places",
      );
    return { states, projected: this.attention?.key.forward(states) ?? states };
  }

  protected override score(queries: Tensor, { keys, exists }: Memory<Keys>): Tensor {
    const count = keys.states.shape[1]!;
    const scores = this.head.forward(this.attention === undefined ? queries : this.#attended(queries, keys, exists));
    const ofPlaces = slice(scores, [null, null, [0, count]]);
    return this.ends ? concat([ofPlaces, slice(scores, [null, null, [this.places, null]])], 2) : ofPlaces;
  }

  #attended(queries: Tensor, keys: Keys, exists: Tensor): Tensor {
    const scores = this.attention!.forward(queries, keys.projected);
    const weights = softmax(masked(scores, exists.reshape([exists.shape[0]!, 1, exists.shape[1]!])));
    return concat([queries, matmul(weights, keys.states)], 2);
  }
}
