import { add, expandDims, Module, notEqual, reshape, slice, where, type RandomStream, type Tensor } from "@ansatz/core";
import { Embedding, Linear, TransformerEncoder } from "@ansatz/nn";

export interface Reading {
  /** Questions and passages, one after the other: [rows, words]. */
  readonly words: Tensor;
  /** What else is known of each word, see `kindsOf`: [rows, words]. */
  readonly kinds: Tensor;
}

/** Kinds of words: of the question; of the passage in capitals, a number or neither, that the question has or not. */
export const kinds = 7;

/**
 * Reads a question and a passage, and scores each word of the passage as the first and as the last of the answer. As in
 * Chen et al. 2017, arXiv:1704.00051, Section 3.2, it is told which words of the passage the question has.
 */
export class SpanReader extends Module {
  readonly words: Embedding;
  readonly kinds: Embedding;
  readonly blocks: TransformerEncoder;
  readonly ends: Linear;

  constructor(options: {
    readonly vocabularySize: number;
    readonly width: number;
    readonly layers: number;
    readonly random: RandomStream;
  }) {
    super();
    const { vocabularySize, width, layers, random } = options;
    this.words = new Embedding(vocabularySize, width, { random });
    this.kinds = new Embedding(kinds, width, { random });
    this.blocks = new TransformerEncoder(width, { layers, heads: 4, positions: "rotary", random });
    this.ends = new Linear(width, 2, { random });
  }

  /** The scores [rows, passage words, 2]; padding has none. */
  forward({ words, kinds }: Reading, questionLength: number): Tensor {
    const isWord = notEqual(words, 0);
    const embedded = add(this.words.forward(words), this.kinds.forward(kinds));
    const states = this.blocks.forward(embedded, { mask: reshape(isWord, [words.shape[0]!, 1, 1, -1]) });
    const passage = [null, [questionLength, null]] as const;
    const scores = this.ends.forward(slice(states, passage));
    return where(expandDims(slice(isWord, passage), -1), scores, -1e9);
  }
}
