import { key, Optimizer, randomIntegers } from "@ansatz/core";
import { TransformerLM } from "@ansatz/nn";
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
  readonly steps: number;
}

/** A language model with AdamW. */
export function gpt(size: Size): Work {
  const { vocabularySize, width, layers, heads, context, batch, dropout = 0, steps } = size;
  return {
    steps,
    peer: ["gpt.py", ...[vocabularySize, width, layers, heads, context, batch, dropout, steps].map(String)],
    build() {
      const model = new TransformerLM(size);
      const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
      const tokens = randomIntegers(key(2), [batch, context], { high: vocabularySize });
      return classifying(model, optimizer, () => [tokens, tokens]);
    },
  };
}
