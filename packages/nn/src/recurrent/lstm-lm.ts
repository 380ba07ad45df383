import { ArgumentError, Module, ShapeError, transpose, zeros, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import type { LanguageModel } from "../generation/language-model.ts";
import { Dropout } from "../regularization/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { Linear } from "../layers/linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { LSTM, type LSTMState } from "./lstm.ts";

export interface LSTMLMOptions {
  readonly vocabularySize: number;
  /** The width of embeddings, and the features of each LSTM. */
  readonly width: number;
  readonly layers: number;
  /** The probability of dropping a feature: of embeddings, between layers, and of the last outputs. Default: 0. */
  readonly dropout?: number;
  /** Whether the output projection is the embedding matrix. Default: false. Press & Wolf 2016, arXiv:1608.05859. */
  readonly tiedEmbeddings?: boolean;
  readonly random?: RandomSource;
}

/**
 * A recurrent language model: the scores of the next token at each position, by stacked LSTMs.
 * Zaremba, Sutskever & Vinyals 2014, arXiv:1409.2329. The forget gates' biases start at 1.
 *
 *   scores = W LSTM(e(tokens)) + b
 *
 * tokens [batch, time] of int32 give [batch, time, vocabularySize], as from `TransformerLM`, for sequences of any
 * length. `unroll` also takes and gives the state, so that a long text can be read in pieces.
 *
 * @throws ArgumentError for sizes that aren't whole numbers; ShapeError for tokens that aren't [batch, time]
 * @example const model = new LSTMLM({ vocabularySize: 5, width: 8, layers: 1 });
 * model.forward(zeros([1, 3], { dtype: "int32" })).shape // [1, 3, 5]
 */
export class LSTMLM extends Module implements LanguageModel {
  readonly vocabularySize: number;
  readonly tokens: Embedding;
  readonly dropout: Dropout;
  readonly lstm: LSTM;
  readonly head: Linear; // with the weight of `tokens` if they are tied

  constructor(options: LSTMLMOptions) {
    super();
    const { vocabularySize, width, layers, dropout = 0, tiedEmbeddings = false } = options;
    for (const [name, value] of Object.entries({ vocabularySize, width, layers })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`LSTMLM: ${name} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    this.vocabularySize = vocabularySize;
    this.tokens = new Embedding(vocabularySize, width, { random });
    this.dropout = new Dropout(dropout, { random });
    this.lstm = new LSTM(width, width, { layers, dropout, forgetBias: 1, random });
    const shared = tiedEmbeddings ? { weight: this.tokens.weight } : {};
    this.head = new Linear(width, vocabularySize, { random, ...shared });
  }

  forward(tokens: Tensor): Tensor {
    // [batch, time] of int32 -> [batch, time, vocabulary]
    return this.unroll(tokens)[0];
  }

  /**
   * The scores, and the state after the last token. A state from `begin` or from the piece of text before continues
   * from there.
   *
   * For truncated backpropagation through time, realize the state of a piece before it goes into the next one, or take
   * its `stopGradient`: gradients then stop between pieces. Williams & Peng 1990.
   */
  unroll(tokens: Tensor, state?: LSTMState): readonly [Tensor, LSTMState] {
    // [batch, time] of int32 -> [batch, time, vocabulary]
    if (tokens.rank !== 2)
      throw new ShapeError(`LSTMLM: the tokens are ${showShape(tokens.shape)} but must be [batch, time]`);
    for (const [part, value] of Object.entries(state ?? {})) {
      const wanted = showShape([tokens.shape[0]!, this.lstm.layers, this.lstm.shape.hidden]);
      if (showShape(value.shape) !== wanted)
        throw new ShapeError(
          `LSTMLM: the state's ${part} is ${showShape(value.shape)} but must be [batch, layers, width], here ${wanted}`,
        );
    }
    const embedded = this.dropout.forward(this.tokens.forward(transpose(tokens))); // [time, batch, width]
    const [outputs, last] = this.lstm.forward(embedded, state && swapped(state));
    return [this.head.forward(transpose(this.dropout.forward(outputs), [1, 0, 2])), swapped(last)];
  }

  /** The state before the first token, with the batch as its first axis. */
  begin(batch: number): LSTMState {
    const { layers, shape, weights } = this.lstm;
    const empty = zeros([batch, layers, shape.hidden], { dtype: weights[0].forward.weightInput.dtype });
    return { hidden: empty, cell: empty };
  }

  /** The scores after one more token. The place in the text makes no difference to an LSTM. */
  step(tokens: Tensor, _position: Tensor, state: LSTMState): readonly [Tensor, LSTMState] {
    // [batch] -> [batch, vocabulary]
    const embedded = this.dropout.forward(this.tokens.forward(tokens));
    const [output, next] = this.lstm.step(embedded, swapped(state));
    return [this.head.forward(this.dropout.forward(output)), swapped(next)];
  }
}

/** From [layers, batch, features] to [batch, layers, features], and back. */
function swapped({ hidden, cell }: LSTMState): LSTMState {
  return { hidden: transpose(hidden, [1, 0, 2]), cell: transpose(cell, [1, 0, 2]) };
}
