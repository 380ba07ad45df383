import {
  argmax,
  ArgumentError,
  categorical,
  concat,
  expandDims,
  full,
  less,
  iota,
  Module,
  reshape,
  scan,
  ShapeError,
  tanh,
  transpose,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { AdditiveAttention } from "../attention/additive-attention.ts";
import { Embedding } from "../layers/embedding.ts";
import { Linear } from "../layers/linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { GRU } from "./gru.ts";

export interface AttentionSeq2SeqOptions {
  readonly sourceVocabulary: number;
  readonly targetVocabulary: number;
  /** The width of the embeddings. */
  readonly embedding: number;
  readonly hidden: number;
  /**
   * Without attention the decoder sees one fixed vector at every step: the last state of each direction. Cho et al.
   * 2014, arXiv:1406.1078. Default: true.
   */
  readonly attention?: boolean;
  readonly random?: RandomSource;
}

/** The encoded source. */
interface Memory {
  readonly keys: Tensor; // [batch, source time, 2 hidden]
  readonly projected: Tensor | undefined; // W₁ k  [batch, source time, hidden]
  readonly mask: Tensor | undefined; // [batch, source time]
  readonly ends: Tensor; // [→h, ←h]  [batch, 2 hidden]
  readonly start: Tensor; // [batch, hidden]
}

/** What a step of the decoder gives. */
interface Decoded {
  readonly state: Tensor; // [batch, hidden]
  readonly features: Tensor; // [sₜ, aₜ]  [batch, 3 hidden]
  readonly weights: Tensor | undefined; // of attention  [batch, source time]
}

/**
 * A recurrent encoder and decoder with attention: at each step the decoder attends to the whole source. Bahdanau, Cho &
 * Bengio 2014, arXiv:1409.0473, with PyTorch's GRU, one linear output, and a start from both directions of the encoder,
 * where the paper takes the backward one.
 *
 *   aₜ = attention(sₜ₋₁, keys)      sₜ = GRU([e(yₜ₋₁), aₜ], sₜ₋₁)      scores = W [sₜ, aₜ] + b
 *   s₀ = tanh(W′ [→h, ←h] + b′), of the last state of each direction
 *
 * source [batch, source time] and target [batch, time] of int32 give the scores [batch, time, targetVocabulary] of the
 * next token. The target begins with a start token. `sourceLengths` [batch] are the lengths of the sources.
 *
 * Without attention, aₜ = [→h, ←h] at every step.
 *
 * @throws ShapeError for tokens that do not make one batch
 * @example const model = new AttentionSeq2Seq({ sourceVocabulary: 5, targetVocabulary: 6, embedding: 3, hidden: 4 });
 * model.forward(zeros([2, 7], { dtype: "int32" }), zeros([2, 3], { dtype: "int32" })).shape // [2, 3, 6]
 */
export class AttentionSeq2Seq extends Module {
  readonly sourceEmbedding: Embedding;
  readonly targetEmbedding: Embedding;
  readonly encoder: GRU;
  readonly bridge: Linear;
  readonly attention: AdditiveAttention | undefined;
  readonly decoder: GRU;
  readonly head: Linear;

  constructor(options: AttentionSeq2SeqOptions) {
    super();
    const { sourceVocabulary, targetVocabulary, embedding, hidden, attention = true } = options;
    const random = streamOf(options.random);
    this.sourceEmbedding = new Embedding(sourceVocabulary, embedding, { random });
    this.targetEmbedding = new Embedding(targetVocabulary, embedding, { random });
    this.encoder = new GRU(embedding, hidden, { bidirectional: true, random });
    this.bridge = new Linear(2 * hidden, hidden, { random });
    this.attention = attention ? new AdditiveAttention(hidden, 2 * hidden, hidden, { random }) : undefined;
    this.decoder = new GRU(embedding + 2 * hidden, hidden, { random });
    this.head = new Linear(3 * hidden, targetVocabulary, { random });
  }

  forward(source: Tensor, target: Tensor, options: { readonly sourceLengths?: Tensor } = {}): Tensor {
    const features = this.#read(source, target, options.sourceLengths, ({ features }) => features);
    return transpose(this.head.forward(features), [1, 0, 2]);
  }

  /**
   * Where it looks at each step: the weights of attention over the source, [batch, time, source time], for the tokens
   * that `forward` takes.
   *
   * @throws ArgumentError without attention; ShapeError for tokens that do not make one batch
   * @example const model = new AttentionSeq2Seq({ sourceVocabulary: 5, targetVocabulary: 6, embedding: 3, hidden: 4 });
   * model.alignment(zeros([2, 7], { dtype: "int32" }), zeros([2, 3], { dtype: "int32" })).shape // [2, 3, 7]
   */
  alignment(source: Tensor, target: Tensor, options: { readonly sourceLengths?: Tensor } = {}): Tensor {
    if (this.attention === undefined)
      throw new ArgumentError(
        "AttentionSeq2Seq: there is no alignment without attention\n  make the model with { attention: true }",
      );
    const weights = this.#read(source, target, options.sourceLengths, ({ weights }) => weights!);
    return transpose(weights, [1, 0, 2]);
  }

  /** A part of each step, [time, ...], while the decoder reads the target. */
  #read(source: Tensor, target: Tensor, sourceLengths: Tensor | undefined, part: (step: Decoded) => Tensor): Tensor {
    if (source.rank !== 2 || target.rank !== 2 || source.shape[0] !== target.shape[0]) {
      throw new ShapeError(
        "AttentionSeq2Seq: the tokens do not make one batch\n" +
          `  source: ${showShape(source.shape)}  (batch source-time)\n` +
          `  target: ${showShape(target.shape)}  (batch time)`,
      );
    }
    const memory = this.#encode(source, sourceLengths);
    const embedded = this.targetEmbedding.forward(transpose(target)); // [time, batch, embedding]
    const [, outputs] = scan(
      (state, input) => {
        const step = this.#decode(input as Tensor, state as Tensor, memory);
        return [step.state, part(step)];
      },
      memory.start,
      embedded,
    );
    return outputs as Tensor;
  }

  /**
   * Writes [batch, length] tokens of int32, each read again at the next step: the likeliest token, or with `random` one
   * drawn by its probability. The whole loop is one program.
   *
   * @throws ArgumentError for a length below 1
   */
  generate(
    source: Tensor,
    options: {
      readonly start: number;
      readonly length: number;
      readonly sourceLengths?: Tensor;
      readonly random?: RandomSource;
    },
  ): Tensor {
    const { start, length, sourceLengths } = options;
    const random = options.random === undefined ? undefined : streamOf(options.random);
    if (!Number.isInteger(length) || length < 1)
      throw new ArgumentError(`AttentionSeq2Seq: the length is ${length}\n  use a whole number, 1 or more`);
    const memory = this.#encode(source, sourceLengths);
    const [, tokens] = scan(
      ({ state, token }) => {
        const step = this.#decode(this.targetEmbedding.forward(token), state, memory);
        const scores = this.head.forward(step.features);
        const chosen = random === undefined ? argmax(scores) : categorical(random.next(), scores);
        return [{ state: step.state, token: chosen }, chosen];
      },
      { state: memory.start, token: full([source.shape[0]!], start, { dtype: "int32" }) },
      [],
      { length },
    );
    return transpose(tokens as Tensor);
  }

  #encode(source: Tensor, lengths: Tensor | undefined): Memory {
    const [batch, time] = source.shape as [number, number];
    const [outputs, last] = this.encoder.forward(
      this.sourceEmbedding.forward(transpose(source)),
      undefined,
      lengths && { lengths },
    );
    const keys = transpose(outputs, [1, 0, 2]);
    const ends = reshape(transpose(last.hidden, [1, 0, 2]), [batch, -1]); // both directions side by side
    return {
      keys,
      projected: this.attention?.key.forward(keys),
      mask: lengths && less(iota(time), expandDims(lengths, 1)),
      ends,
      start: tanh(this.bridge.forward(ends)),
    };
  }

  #decode(input: Tensor, state: Tensor, { keys, projected, mask, ends }: Memory): Decoded {
    const [context, weights] = this.attention?.attend(state, keys, projected!, mask && { mask }) ?? [ends, undefined];
    const [output] = this.decoder.step(concat([input, context], -1), { hidden: expandDims(state, 0) });
    return { state: output, features: concat([output, context], -1), weights };
  }
}
