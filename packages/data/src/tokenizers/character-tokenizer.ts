import { ArgumentError } from "@ansatz/core";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * One token for each character of a text. Tokens are in the order of the code points.
 *
 * @throws ArgumentError if a text has a character that is not in the vocabulary
 */
export class CharacterTokenizer implements Tokenizer {
  /** The characters; the index of each is its token. */
  readonly characters: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;

  /** Makes a vocabulary of the characters of a text, or of the given characters. */
  constructor(text: string | readonly string[]) {
    this.characters =
      typeof text === "string" ? [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!) : text;
    this.#tokens = new Map(this.characters.map((character, token) => [character, token]));
  }

  get vocabularySize(): number {
    return this.characters.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from([...text], (character) => {
      const token = this.#tokens.get(character);
      if (token === undefined)
        throw new ArgumentError(
          `CharacterTokenizer: ${JSON.stringify(character)} is not among its ${this.vocabularySize} characters\n` +
            "  build the tokenizer from a text that contains it",
        );
      return token;
    });
  }

  decode(tokens: Iterable<number>): string {
    let text = "";
    for (const token of tokens) {
      const character = this.characters[token];
      if (character === undefined)
        throw new ArgumentError(
          `CharacterTokenizer: there is no token ${token}\n  tokens are 0 to ${this.vocabularySize - 1}`,
        );
      text += character;
    }
    return text;
  }
}
