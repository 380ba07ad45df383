import { key, Module, Optimizer, randomIntegers, type Tensor } from "@ansatz/core";
import { Embedding, GRU, Linear, LSTM } from "@ansatz/nn";
import { sgd } from "@ansatz/optim";
import { classifying } from "./classifying.ts";
import type { Work } from "./work.ts";

const [vocabularySize, width, time, batch, steps] = [65, 256, 128, 32, 20];

class RecurrentLanguageModel extends Module {
  readonly embedding = new Embedding(vocabularySize, width);
  readonly recurrent: LSTM | GRU;
  readonly head = new Linear(width, vocabularySize, { bias: false });

  constructor(recurrent: LSTM | GRU) {
    super();
    this.recurrent = recurrent;
  }

  forward(tokens: Tensor): Tensor {
    // [time, batch] -> [time, batch, vocabulary]
    return this.head.forward(this.recurrent.forward(this.embedding.forward(tokens))[0]);
  }
}

/** A recurrent language model, 256 wide, 128 steps, 32 sequences, with gradient descent. */
export function recurrent(layer: "LSTM" | "GRU"): Work {
  return {
    steps,
    torch: ["recurrent.py", layer, ...[vocabularySize, width, time, batch, steps].map(String)],
    build() {
      const model = new RecurrentLanguageModel(layer === "LSTM" ? new LSTM(width, width) : new GRU(width, width));
      const optimizer = new Optimizer(model, sgd, { learningRate: 0.1 });
      const tokens = randomIntegers(key(2), [time, batch], { high: vocabularySize });
      return classifying(model, optimizer, () => [tokens, tokens]);
    },
  };
}
