import { key, Module, Optimizer, randomIntegers, type Tensor } from "@ansatz/core";
import { Embedding, Linear, LSTM } from "@ansatz/nn";
import { sgd } from "@ansatz/optim";
import { classifying } from "./classifying.ts";
import type { Work } from "./work.ts";

class LSTMLanguageModel extends Module {
  readonly embedding = new Embedding(65, 256);
  readonly lstm = new LSTM(256, 256);
  readonly head = new Linear(256, 65, { bias: false });

  forward(tokens: Tensor): Tensor {
    // [time, batch] -> [time, batch, vocabulary]
    return this.head.forward(this.lstm.forward(this.embedding.forward(tokens))[0]);
  }
}

/** A recurrent language model, 256 wide, 128 steps, 32 sequences, with gradient descent. */
export function lstm(): Work {
  return {
    steps: 20,
    peer: ["lstm.py", "65", "256", "128", "32", "20"],
    build() {
      const model = new LSTMLanguageModel();
      const optimizer = new Optimizer(model, sgd, { learningRate: 0.1 });
      const tokens = randomIntegers(key(2), [128, 32], { high: 65 });
      return classifying(model, optimizer, () => [tokens, tokens]);
    },
  };
}
