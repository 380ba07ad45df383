import { compile, type Tensor } from "@ansatz/core";
import { DataLoader } from "@ansatz/data";
import { distance } from "fastest-levenshtein";
import { mean, sum } from "simple-statistics";
import type { Speller } from "./speller.ts";
import { boundary, columnsOf, type Word } from "./words.ts";

/** A word, and what was said for it. */
export interface Spoken {
  readonly word: Word;
  readonly said: readonly number[];
}

export interface Errors {
  /** Edits between what was said and what is right, for each phoneme that is right. */
  readonly phonemeErrorRate: number;
  /** The share of words that were said without a mistake. */
  readonly wordAccuracy: number;
}

const batchSize = 256;

/** What a model says to words. */
export async function spoken(model: Speller, words: readonly Word[], longest: number): Promise<readonly Spoken[]> {
  const say = compile((letters: Tensor, lengths: Tensor) => model.say(letters, lengths, longest + 1));
  const said: number[][] = [];
  for await (const { letters, lengths } of new DataLoader(columnsOf(words, longest), { batchSize }))
    said.push(...((await (await say(letters, lengths)).array()) as number[][]).map(untilBoundary));
  return words.map((word, i) => ({ word, said: said[i]! }));
}

const untilBoundary = (tokens: readonly number[]): number[] => {
  const end = tokens.indexOf(boundary);
  return tokens.slice(0, end < 0 ? tokens.length : end);
};

export function errorsOf(all: readonly Spoken[]): Errors {
  const edits = all.map(({ word, said }) => distance(textOf(said), textOf(word.phonemes)));
  return {
    phonemeErrorRate: sum(edits) / sum(all.map(({ word }) => word.phonemes.length)),
    wordAccuracy: mean(edits.map((count) => Number(count === 0))),
  };
}

/** A character for each token, as the edit distance takes text. */
const textOf = (tokens: readonly number[]): string => String.fromCharCode(...tokens);

/** The errors of all words, and of the quarters with the fewest and the most letters. */
export function judged(all: readonly Spoken[]): Readonly<Record<"all" | "short" | "long", Errors>> {
  const byLength = all.toSorted((a, b) => a.word.letters.length - b.word.letters.length);
  const quarter = Math.ceil(all.length / 4);
  return { all: errorsOf(all), short: errorsOf(byLength.slice(0, quarter)), long: errorsOf(byLength.slice(-quarter)) };
}

/** The rule to beat: each letter says the phoneme that stands most often in its place, in words with one a letter. */
export function spokenByRule(training: readonly Word[], words: readonly Word[]): readonly Spoken[] {
  const counts = new Map<number, Map<number, number>>();
  for (const { letters, phonemes } of training)
    if (letters.length === phonemes.length)
      for (const [i, letter] of letters.entries()) {
        const own = counts.get(letter) ?? new Map<number, number>();
        counts.set(letter, own.set(phonemes[i]!, (own.get(phonemes[i]!) ?? 0) + 1));
      }
  const usual = new Map([...counts].map(([letter, own]) => [letter, [...own].sort((a, b) => b[1] - a[1])[0]![0]]));
  return words.map((word) => ({ word, said: word.letters.flatMap((letter) => usual.get(letter) ?? []) }));
}
