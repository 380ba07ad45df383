import { ArgumentError } from "@ansatz/core";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * One token for each byte of a text in UTF-8: 256 tokens, which can encode any text.
 *
 * @throws ArgumentError for a token that isn't a byte
 * @example [...byteTokenizer.encode("é")]  // [195, 169]
 */
export const byteTokenizer: Tokenizer = {
  vocabularySize: 256,
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode(tokens) {
    const bytes = [...tokens];
    const stray = bytes.find((token) => !Number.isInteger(token) || token < 0 || token > 255);
    if (stray !== undefined)
      throw new ArgumentError(`byteTokenizer: there is no token ${stray}\n  tokens are 0 to 255`);
    return new TextDecoder().decode(Uint8Array.from(bytes));
  },
};
