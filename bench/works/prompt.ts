import { argmax, key, randomIntegers, reshape, slice, type Tensor } from "@ansatz/core";
import { TransformerLM, type TransformerLMOptions } from "@ansatz/nn";
import type { Work } from "./work.ts";

/** A language model reads a prompt as long as its context, and names the next token. */
export function prompt(size: TransformerLMOptions, steps: number): Work {
  const { vocabularySize, width, layers, heads, context } = size;
  return {
    steps,
    torch: ["gpt.py", "read", ...[vocabularySize, width, layers, heads, context, 1, 0, 1, steps].map(String)],
    build() {
      const model = new TransformerLM(size).eval();
      return {
        model,
        batch: () => [randomIntegers(key(2), [1, context], { high: vocabularySize })],
        step: (tokens: Tensor) => argmax(reshape(slice(model.forward(tokens), [null, [context - 1, context]]), [-1])),
      };
    },
  };
}
