import { ArgumentError } from "@ansatz/core";
import { CharacterTokenizer, gpt2Tokenizer, mobyDick, TokenWindows, type Tokenizer } from "@ansatz/data";

/** Moby Dick as windows of tokens: nine tenths to learn from, the last tenth to validate on. */
export interface Text {
  readonly tokenizer: Tokenizer;
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
  readonly charactersPerToken: number;
}

/**
 * Reads the text with the tokenizer that has the wanted vocabulary.
 * @throws ArgumentError if no tokenizer has it, or if the validation text is too short for a batch
 */
export async function readText(vocabularySize: number, context: number, batch: number): Promise<Text> {
  const text = mobyDick();
  const tokenizer = [new CharacterTokenizer(text), await gpt2Tokenizer()].find(
    (known) => known.vocabularySize === vocabularySize,
  );
  if (tokenizer === undefined)
    throw new ArgumentError(
      `--vocabulary-size cannot be ${vocabularySize}\n  use 89 for characters or 50257 for GPT-2's tokens`,
    );
  const split = Math.floor(0.9 * text.length);
  const tokens = tokenizer.encode(text.slice(split));
  const validation = new TokenWindows(tokens, context);
  if (validation.count < batch)
    throw new ArgumentError(
      `a batch of ${batch} sequences of ${context} needs more than the ${tokens.length} validation tokens\n` +
        "  choose a smaller --batch or --context",
    );
  return {
    tokenizer,
    training: new TokenWindows(tokenizer.encode(text.slice(0, split)), context),
    validation,
    charactersPerToken: (text.length - split) / tokens.length,
  };
}
