import type { Tokenizer } from "./tokenizer.ts";

/**
 * GPT-2's byte-pair encoding: 50,257 tokens. Radford et al. 2019. The merges are loaded on the first call.
 * `<|endoftext|>` in a text is read as these characters.
 */
export async function gpt2Tokenizer(): Promise<Tokenizer> {
  const { decode, encode } = await import("gpt-tokenizer/encoding/r50k_base");
  return {
    vocabularySize: 50_257,
    encode: (text) => Int32Array.from(encode(text, { disallowedSpecial: new Set() })),
    decode: (tokens) => decode([...tokens]),
  };
}
