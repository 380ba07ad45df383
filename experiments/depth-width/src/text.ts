import { CharacterTokenizer, mobyDick, TokenWindows } from "@ansatz/data";

/** Moby Dick as windows of characters: nine tenths to learn from, the last tenth to validate on. */
export interface Text {
  readonly characters: number;
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
}

export function readText(context: number): Text {
  const text = mobyDick();
  const tokenizer = new CharacterTokenizer(text);
  const tokens = tokenizer.encode(text);
  const split = Math.floor(0.9 * tokens.length);
  return { characters: tokenizer.vocabularySize, training: new TokenWindows(tokens.slice(0, split), context), validation: new TokenWindows(tokens.slice(split), context) };
}
