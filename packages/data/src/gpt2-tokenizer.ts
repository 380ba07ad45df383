import { ArgumentError } from "@ansatz/core";
import { decode, encode } from "gpt-tokenizer/encoding/r50k_base";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * GPT-2's byte-pair encoding of 50,257 tokens; any text can be encoded. `<|endoftext|>` in a text is read as these characters, never as the
 * mark that separates documents: that is token 50,256, to be put there by hand.
 * Radford, Wu, Child, Luan, Amodei & Sutskever 2019, "Language models are unsupervised multitask learners".
 *
 * @example gpt2Tokenizer.encode("Hello world")  // [15496, 995]
 */
export const gpt2Tokenizer: Tokenizer = {
  vocabularySize: 50_257,

  encode(text) {
    return Int32Array.from(encode(text, { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() }));
  },

  decode(tokens) {
    const list = [...tokens];
    for (const token of list) {
      if (!(Number.isInteger(token) && token >= 0 && token < gpt2Tokenizer.vocabularySize)) throw new ArgumentError(`gpt2Tokenizer: ${token} is not a token; there are ${gpt2Tokenizer.vocabularySize}`);
    }
    return decode(list);
  },
};
