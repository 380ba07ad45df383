import { cast, expandDims, Module, mul, notEqual, sum, type RandomStream, type Tensor } from "@ansatz/core";
import { Embedding, normalInitializer } from "@ansatz/nn";

/** Vectors of questions and of passages, each the sum of those of its words: [texts, words] -> [texts, width]. */
export class WordEncoders extends Module {
  readonly questions: Embedding;
  readonly passages: Embedding;

  constructor(options: { readonly vocabularySize: number; readonly width: number; readonly random: RandomStream }) {
    super();
    const { vocabularySize, width, random } = options;
    const table = () => new Embedding(vocabularySize, width, { initializer: normalInitializer(0.1), random });
    [this.questions, this.passages] = [table(), table()];
  }

  forward(kind: "questions" | "passages", words: Tensor): Tensor {
    return sum(mul(this[kind].forward(words), expandDims(cast(notEqual(words, 0), "float32"), -1)), 1);
  }
}
