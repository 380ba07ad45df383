import { ArgumentError, Module, ShapeError, transpose, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { Linear } from "../layers/linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { LSTM } from "./lstm.ts";

export interface LSTMLMOptions {
  readonly vocabularySize: number;
  /** The width of embeddings, and the features of each LSTM. */
  readonly width: number;
  readonly layers: number;
  /** Of embeddings, between layers, and of the last outputs. */
  readonly dropout?: number;
  readonly random?: RandomSource;
}

/**
 * A recurrent language model: the scores of the next token at each position, by LSTMs that stand one above the other.
 * Zaremba, Sutskever & Vinyals 2014, arXiv:1409.2329. The forget gates' biases begin at 1.
 *
 *   scores = W LSTM(e(tokens)) + b
 *
 * tokens [batch, time] of int32 give [batch, time, vocabularySize], as from `TransformerLM`, for sequences of any
 * length.
 *
 * @throws ArgumentError for sizes that are no whole numbers; ShapeError for what is no batch of tokens
 * @example new LSTMLM({ vocabularySize: 5, width: 8, layers: 1 }).forward(zeros([1, 3], { dtype: "int32" })).shape  // [1, 3, 5]
 */
export class LSTMLM extends Module {
  readonly tokens: Embedding;
  readonly dropout: Dropout;
  readonly lstm: LSTM;
  readonly head: Linear;

  constructor(options: LSTMLMOptions) {
    super();
    const { vocabularySize, width, layers, dropout = 0 } = options;
    for (const [name, value] of Object.entries({ vocabularySize, width, layers })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`LSTMLM: ${name} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    this.tokens = new Embedding(vocabularySize, width, { random });
    this.dropout = new Dropout(dropout, { random });
    this.lstm = new LSTM(width, width, { layers, dropout, forgetBias: 1, random });
    this.head = new Linear(width, vocabularySize, { random });
  }

  forward(tokens: Tensor): Tensor {
    // [batch, time] of int32 -> [batch, time, vocabulary]
    if (tokens.rank !== 2)
      throw new ShapeError(`LSTMLM: the tokens are ${showShape(tokens.shape)} but must be [batch, time]`);
    const embedded = this.dropout.forward(this.tokens.forward(transpose(tokens))); // [time, batch, width]
    const [outputs] = this.lstm.forward(embedded);
    return this.head.forward(transpose(this.dropout.forward(outputs), [1, 0, 2]));
  }
}
