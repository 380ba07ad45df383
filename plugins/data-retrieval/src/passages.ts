import { ArgumentError } from "@ansatz/core";
import type { Passage } from "./database.ts";

export interface PassagesOptions {
  /** The words of a passage. Default: 100, as in RAG (Lewis et al. 2020, arXiv:2005.11401). */
  readonly words?: number;
  /** The words that a passage shares with the one before. Default: 0. */
  readonly overlap?: number;
  /** What the text is, such as the name of its file. Default: "text". */
  readonly source?: string;
}

/**
 * Cuts a text into passages of so many words. Words are what spaces separate; nothing between them is changed. The last
 * passage may be shorter.
 *
 * @throws ArgumentError if the text has no words, or if `overlap` isn't less than `words`
 * @example passages("a b c d e", { words: 3, overlap: 1 }).map(({ text }) => text)  // ["a b c", "c d e"]
 */
export function passages(text: string, options: PassagesOptions = {}): Passage[] {
  const { words = 100, overlap = 0, source = "text" } = options;
  if (!Number.isInteger(words) || words < 1)
    throw new ArgumentError(`passages: words is ${words}\n  use a whole number, 1 or more`);
  if (!Number.isInteger(overlap) || overlap < 0 || overlap >= words)
    throw new ArgumentError(`passages: overlap is ${overlap}\n  use a whole number from 0 to ${words - 1}`);
  const places = [...text.matchAll(/\S+/g)].map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
  if (places.length === 0) throw new ArgumentError(`passages: "${source}" has no words\n  give a text that has some`);
  const cut: Passage[] = [];
  for (let first = 0; first === 0 || first + overlap < places.length; first += words - overlap) {
    const { start } = places[first]!;
    const { end } = places[Math.min(first + words, places.length) - 1]!;
    cut.push({ id: `${source}:${start}`, text: text.slice(start, end), source, place: start });
  }
  return cut;
}
