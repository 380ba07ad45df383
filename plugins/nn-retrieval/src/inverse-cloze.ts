import { ArgumentError, type RandomKey } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";

/** A question and the passage that answers it. */
export interface ClozePair {
  readonly query: string;
  readonly passage: string;
}

/**
 * Inverse cloze: a sentence of a passage as the query, and the passage without it as what is to be found. One in ten
 * passages keeps the sentence, so that the retriever learns to match words, too.
 *
 * Lee, Chang & Toutanova 2019, arXiv:1906.00300, Section 4. Sentences are those of `Intl.Segmenter`. A passage of one
 * sentence always keeps it. The same key gives the same pairs.
 *
 * @throws ArgumentError if the passage is blank, or if `kept` isn't a probability
 * @example inverseCloze(key(1), "It is one.").passage  // "It is one."
 */
export function inverseCloze(key: RandomKey, passage: string, options: { readonly kept?: number } = {}): ClozePair {
  const { kept = 0.1 } = options;
  if (!(kept >= 0 && kept <= 1))
    throw new ArgumentError(`inverseCloze: kept is ${kept}\n  use a probability, from 0 to 1`);
  const sentences = sentencesOf(passage).filter((sentence) => sentence.trim() !== "");
  if (sentences.length === 0) throw new ArgumentError("inverseCloze: the passage is blank\n  leave it out");
  const [a, b] = drawn(key);
  const chosen = Math.floor(a * sentences.length);
  const query = sentences[chosen]!.trim();
  if (sentences.length === 1 || b < kept) return { query, passage };
  return {
    query,
    passage: sentences
      .filter((_, i) => i !== chosen)
      .join("")
      .trim(),
  };
}

/** The sentences of a text, with the spaces after them. */
export function sentencesOf(text: string): string[] {
  return Array.from(new Intl.Segmenter("en", { granularity: "sentence" }).segment(text), ({ segment }) => segment);
}

/** Two numbers in [0, 1), on the host. */
export function drawn(key: RandomKey): readonly [number, number] {
  const [a, b] = threefry2x32(...key.words(), 0, 0);
  return [a / 2 ** 32, b / 2 ** 32];
}
