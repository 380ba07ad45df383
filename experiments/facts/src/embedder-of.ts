import { compile, type Tensor } from "@ansatz/core";
import type { Embed } from "@ansatz/data-retrieval";
import { sizes, tensorOf } from "./facts.ts";
import type { TextEncoder } from "./text-encoder.ts";

/** How many passages are embedded together. */
export const embeddedAtOnce = 100;

/** An encoder of texts of at most so many words, compiled. It reads the weights that it has when it is called. */
export function embedderOf(encoder: TextEncoder, length: number = sizes.passage): Embed {
  const embed = compile((tokens: Tensor) => encoder.forward(tokens));
  return (texts) => embed(tensorOf(texts, length));
}
