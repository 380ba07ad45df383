import { generate, TransformerLM, type TransformerLMOptions } from "@ansatz/nn";
import type { Work } from "./work.ts";

/** A language model generates text with a key-value cache. One step is the whole text. */
export function generation(size: TransformerLMOptions, length: number): Work {
  const { vocabularySize, width, layers, heads } = size;
  const context = length + 1;
  return {
    steps: 6,
    routine: true,
    torch: ["generate.py", ...[vocabularySize, width, layers, heads, context, length, 6].map(String)],
    build() {
      const model = new TransformerLM({ ...size, context });
      return {
        run: async () => ({ tokens: (await generate(model, [0], { length })).length }),
      };
    },
  };
}
