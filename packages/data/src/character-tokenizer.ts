import { ArgumentError } from "@ansatz/core";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * One token a character (a code point), numbered in the order of their code points.
 *
 * @example CharacterTokenizer.of("banana").decode([2, 0, 1])  // "nab"
 */
export class CharacterTokenizer implements Tokenizer {
  /** The vocabulary: the character of token i at position i. All that it takes to build the same tokenizer again. */
  readonly characters: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;

  constructor(characters: Iterable<string>) {
    this.characters = [...characters];
    this.#tokens = new Map(this.characters.map((character, token) => [character, token]));
    if (this.#tokens.size !== this.characters.length) throw new ArgumentError("CharacterTokenizer: a character occurs twice in the vocabulary");
  }

  /** The tokenizer of all characters in a text. */
  static of(text: string): CharacterTokenizer {
    const codePoints = new Set(Array.from(text, (character) => character.codePointAt(0) as number));
    return new CharacterTokenizer([...codePoints].toSorted((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint)));
  }

  get vocabularySize(): number {
    return this.characters.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(text, (character, position) => {
      const token = this.#tokens.get(character);
      if (token === undefined) throw new ArgumentError(`CharacterTokenizer: ${JSON.stringify(character)}, character ${position} of the text, is not in the vocabulary`);
      return token;
    });
  }

  decode(tokens: Iterable<number>): string {
    let text = "";
    for (const token of tokens) {
      const character = this.characters[token];
      if (character === undefined) throw new ArgumentError(`CharacterTokenizer: ${token} is not a token; there are ${this.vocabularySize}`);
      text += character;
    }
    return text;
  }
}
