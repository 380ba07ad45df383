import { CharacterTokenizer, mobyDick, TokenWindows } from "@ansatz/data";

/** Moby Dick as windows of characters: nine tenths to learn from, the last tenth to validate on. */
export interface Text {
  readonly characters: number;
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
  /** The cross-entropy of a model that only knows how often each character occurs, in nats. */
  readonly frequencyLoss: number;
}

export function readText(context: number): Text {
  const text = mobyDick();
  const tokenizer = new CharacterTokenizer(text);
  const [training, validation] = TokenWindows.split(tokenizer.encode(text), context, 0.9);
  const counts = new Float64Array(tokenizer.vocabularySize).fill(1); // one more each: no character is impossible
  for (const token of training.tokens) counts[token]!++;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const frequencyLoss =
    validation.tokens.reduce((sum, token) => sum - Math.log(counts[token]! / total), 0) / validation.tokens.length;
  return { characters: tokenizer.vocabularySize, training, validation, frequencyLoss };
}
