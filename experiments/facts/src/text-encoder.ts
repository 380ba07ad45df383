import { cast, expandDims, Module, mul, notEqual, sum, type RandomStream, type Tensor } from "@ansatz/core";
import { Embedding, normalInitializer } from "@ansatz/nn";

export interface TextEncoderOptions {
  readonly vocabularySize: number;
  readonly width: number;
  readonly random: RandomStream;
}

/**
 * A vector for each text, the sum of those of its words: [texts, time] -> [texts, width]. Inner products of two are
 * divided by √width, as in attention.
 *
 * The vectors of words begin small, so that words which the warm-up hasn't met count for little.
 */
export class TextEncoder extends Module {
  readonly words: Embedding;

  constructor({ vocabularySize, width, random }: TextEncoderOptions) {
    super();
    this.words = new Embedding(vocabularySize, width, { initializer: normalInitializer(0.1), random });
  }

  forward(tokens: Tensor): Tensor {
    const isWord = expandDims(cast(notEqual(tokens, 0), "float32"), -1);
    const vectors = this.words.forward(tokens);
    return sum(mul(vectors, mul(isWord, vectors.shape[2]! ** -0.25)), 1);
  }
}
