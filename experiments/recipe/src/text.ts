import { ArgumentError } from "@ansatz/core";
import { CharacterTokenizer, gpt2Tokenizer, mobyDick, TokenWindows } from "@ansatz/data";

/** Moby Dick as windows of tokens: nine tenths to learn from, the last tenth to validate on. */
export interface Text {
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
  /** The cross-entropy on the last tenth of a model that only counts pairs of tokens, in nats. */
  readonly bigramLoss: number;
}

/**
 * Characters, or GPT-2's tokens. The last token of either vocabulary never occurs, so it can be the blank of CTC.
 * @throws ArgumentError
 */
export async function readText(vocabularySize: number, context: number, batch: number): Promise<Text> {
  const text = mobyDick();
  const tokenizer = [
    new CharacterTokenizer([...new CharacterTokenizer(text).characters, "\0"]),
    await gpt2Tokenizer(),
  ].find((known) => known.vocabularySize === vocabularySize);
  if (tokenizer === undefined)
    throw new ArgumentError(
      `--vocabulary-size cannot be ${vocabularySize}\n  use 90 for characters or 50257 for GPT-2's tokens`,
    );
  const split = Math.floor(0.9 * text.length);
  const [known, unknown] = [tokenizer.encode(text.slice(0, split)), tokenizer.encode(text.slice(split))];
  const validation = new TokenWindows(unknown, context);
  if (validation.count < batch)
    throw new ArgumentError(
      `a batch of ${batch} sequences of ${context} needs more than the ${unknown.length} validation tokens\n` +
        "  choose a smaller --batch or --context",
    );
  return {
    training: new TokenWindows(known, context),
    validation,
    bigramLoss: bigramLoss(known, unknown, vocabularySize),
  };
}

/** −(1/n) Σ ln p(token | the one before), with p = (count of both + 1) / (count of the one before + vocabulary). */
function bigramLoss(known: Int32Array, unknown: Int32Array, vocabularySize: number): number {
  const [pairs, singles] = [new Map<number, number>(), new Map<number, number>()];
  const seen = <Key>(counts: Map<Key, number>, key: Key) => counts.get(key) ?? 0;
  for (const [i, token] of known.subarray(1).entries()) {
    const before = known[i]!;
    pairs.set(before * vocabularySize + token, seen(pairs, before * vocabularySize + token) + 1);
    singles.set(before, seen(singles, before) + 1);
  }
  let sum = 0;
  for (const [i, token] of unknown.subarray(1).entries())
    sum -= Math.log(
      (seen(pairs, unknown[i]! * vocabularySize + token) + 1) / (seen(singles, unknown[i]!) + vocabularySize),
    );
  return sum / (unknown.length - 1);
}
