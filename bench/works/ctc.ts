import { add, grad, key, logSoftmax, Module, normal, Optimizer, randomIntegers, type Tensor } from "@ansatz/core";
import { ctcLoss, Linear, LSTM } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import type { Work } from "./work.ts";

const [features, hidden, classes, time, batch, labels, steps] = [13, 128, 28, 100, 16, 20, 40];

class Recognizer extends Module {
  readonly lstm = new LSTM(features, hidden, { bidirectional: true });
  readonly head = new Linear(2 * hidden, classes);

  forward(x: Tensor): Tensor {
    // [time, batch, features] -> [time, batch, classes], log-probabilities
    return logSoftmax(this.head.forward(this.lstm.forward(x)[0]));
  }
}

/** A bidirectional LSTM that recognizes labels without an alignment, by CTC, with AdamW. */
export function ctc(): Work {
  return {
    steps,
    torch: ["ctc.py", ...[features, hidden, classes, time, batch, labels, steps].map(String)],
    build() {
      const model = new Recognizer();
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
      const frames = normal(key(1), [time, batch, features]);
      const target = add(randomIntegers(key(2), [batch, labels], { high: classes - 1 }), 1); // 0 is the blank
      return {
        model,
        batch: () => [frames, target],
        step(x: Tensor, wanted: Tensor) {
          const loss = ctcLoss(model.forward(x), wanted);
          optimizer.update(grad(loss, model.parameters()));
          return loss;
        },
      };
    },
  };
}
