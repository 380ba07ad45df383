import { key, Optimizer, randomIntegers } from "@ansatz/core";
import { TransformerLM } from "@ansatz/nn";
import { auxiliaryLoss, mixtureOfExperts } from "@ansatz/nn-moe";
import { adamw } from "@ansatz/optim";
import { classifying } from "./classifying.ts";
import type { Work } from "./work.ts";

interface Size {
  readonly vocabularySize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly batch: number;
  readonly dropout?: number;
  /** Dropless experts in each block, one for each token. Default: 1, which is the dense model. */
  readonly experts?: number;
  readonly steps: number;
}

/** A language model with AdamW. */
export function gpt(size: Size): Work {
  const { vocabularySize, width, layers, heads, context, batch, dropout = 0, experts = 1, steps } = size;
  return {
    steps,
    torch: [
      "gpt.py",
      "train",
      ...[vocabularySize, width, layers, heads, context, batch, dropout, experts, steps].map(String),
    ],
    build() {
      const feedForward = experts === 1 ? "plain" : mixtureOfExperts({ experts });
      const model = new TransformerLM({ ...size, feedForward });
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
      const tokens = randomIntegers(key(2), [batch, context], { high: vocabularySize });
      return classifying(
        model,
        optimizer,
        () => [tokens, tokens],
        experts === 1 ? undefined : () => auxiliaryLoss(model),
      );
    },
  };
}
