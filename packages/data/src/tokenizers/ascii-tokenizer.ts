import { ArgumentError } from "@ansatz/core";
import type { Tokenizer } from "./tokenizer.ts";

const vocabularySize = 96;
/** The code of a space, which has token 1, less that token. */
const offset = 31;

/**
 * One token for the end of a line, and one for each printable character of ASCII: 96 tokens, for small models of
 * characters. White space becomes one space or the end of one line, and every other character becomes `~`.
 *
 * @throws ArgumentError for a token from 96 on
 * @example asciiTokenizer.decode(asciiTokenizer.encode("naïve,\r\n\n\ttoo"))  // "na~ve,\ntoo"
 */
export const asciiTokenizer: Tokenizer = {
  vocabularySize,
  encode(text) {
    const plain = text
      .replace(/\r?\n\s*/g, "\n")
      .replace(/[^\S\n]+/g, " ")
      .replace(/[^\x20-\x7e\n]/gu, "~");
    return Int32Array.from(plain, (character) => (character === "\n" ? 0 : character.charCodeAt(0) - offset));
  },
  decode(tokens) {
    return Array.from(tokens, (token) => {
      if (!Number.isInteger(token) || token < 0 || token >= vocabularySize)
        throw new ArgumentError(`asciiTokenizer: there is no token ${token}\n  tokens are 0 to ${vocabularySize - 1}`);
      return token === 0 ? "\n" : String.fromCharCode(token + offset);
    }).join("");
  },
};
