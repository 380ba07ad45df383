import { grad, key, Module, Optimizer, randomIntegers, relu, type Tensor } from "@ansatz/core";
import { crossEntropy, Embedding, EncoderDecoder, LearnedPositions, Linear } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import type { Work } from "./work.ts";

const [vocabularySize, width, layers, heads, hidden, time, batch, steps] = [100, 128, 2, 4, 512, 32, 32, 30];

class Translator extends Module {
  readonly source = new Embedding(vocabularySize, width);
  readonly target = new Embedding(vocabularySize, width);
  readonly positions = new LearnedPositions(width, { context: time });
  readonly transformer = new EncoderDecoder(width, { layers, heads, hidden, norm: "post", activation: relu });
  readonly head = new Linear(width, vocabularySize);

  forward(source: Tensor, target: Tensor): Tensor {
    // [batch, time] and [batch, time] -> [batch, time, vocabulary]
    const [read, written] = [this.source.forward(source), this.target.forward(target)];
    const y = this.transformer.forward(this.positions.forward(read), this.positions.forward(written));
    return this.head.forward(y);
  }
}

/** An encoder and a decoder that attends to it, as in the first paper on Transformers, with AdamW. */
export function seq2seq(): Work {
  return {
    steps,
    torch: ["seq2seq.py", ...[vocabularySize, width, layers, heads, hidden, time, batch, steps].map(String)],
    build() {
      const model = new Translator();
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
      return {
        model,
        batch: () => [1, 2].map((seed) => randomIntegers(key(seed), [batch, time], { high: vocabularySize })),
        step(source: Tensor, target: Tensor) {
          const loss = crossEntropy(model.forward(source, target), target);
          optimizer.update(grad(loss, model.parameters()));
          return loss;
        },
      };
    },
  };
}
