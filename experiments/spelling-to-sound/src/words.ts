import { permutation, type RandomKey } from "@ansatz/core";
import { Columns, pronunciations } from "@ansatz/data";

/** Begins and ends a pronunciation; among letters it is padding. */
export const boundary = 0;
/** A target that does not count: what stands after the end of a pronunciation. */
export const ignored = -100;

/** A word and how it is spoken, as tokens: letters from 1 to 26, and phonemes from 1. */
export interface Word {
  readonly letters: readonly number[];
  readonly phonemes: readonly number[];
}

export interface Dictionary {
  readonly words: readonly Word[];
  /** The names of the phonemes; the first one is token 1. */
  readonly phonemes: readonly string[];
}

/** The words of the CMU dictionary that are nothing but letters, of some lengths; phonemes are without stress. */
export function dictionary({ shortest, longest }: Readonly<Record<"shortest" | "longest", number>>): Dictionary {
  const entries = [...pronunciations()].flatMap(([word, spoken]) =>
    /^[A-Z]+$/.test(word) && word.length >= shortest && word.length <= longest && spoken.length <= longest
      ? [{ word, spoken: spoken.map((phoneme) => phoneme.replace(/\d$/, "")) }]
      : [],
  );
  const phonemes = [...new Set(entries.flatMap(({ spoken }) => spoken))].sort();
  const tokens = new Map(phonemes.map((phoneme, i) => [phoneme, i + 1]));
  const words = entries.map(({ word, spoken }) => ({
    letters: lettersOf(word),
    phonemes: spoken.map((phoneme) => tokens.get(phoneme)!),
  }));
  return { words, phonemes };
}

export const lettersOf = (word: string): number[] =>
  Array.from(word.toUpperCase(), (_, i) => word.toUpperCase().charCodeAt(i) - 64);
export const wordOf = (letters: readonly number[]): string =>
  String.fromCharCode(...letters.map((letter) => letter + 96));

/** The words in random order: those to judge by, those to choose settings by, and all others, to learn from. */
export async function parts(
  words: readonly Word[],
  key: RandomKey,
  { unseen, validation }: Readonly<Record<"unseen" | "validation", number>>,
): Promise<{
  readonly unseen: readonly Word[];
  readonly validation: readonly Word[];
  readonly training: readonly Word[];
}> {
  const mixed = Array.from(await permutation(key, words.length).data(), (place) => words[place]!);
  return {
    unseen: mixed.slice(0, unseen),
    validation: mixed.slice(unseen, unseen + validation),
    training: mixed.slice(unseen + validation),
  };
}

/** What a model reads of words of up to `longest` letters and phonemes, and what it is to say. */
export function columnsOf(words: readonly Word[], longest: number): Columns<"letters" | "lengths" | "said" | "next"> {
  const rows = (length: number, padding: number, row: (word: Word) => readonly number[]) => {
    const data = new Int32Array(words.length * length).fill(padding);
    for (const [i, word] of words.entries()) data.set(row(word), i * length);
    return { data, shape: [length] };
  };
  return new Columns({
    letters: rows(longest, boundary, ({ letters }) => letters),
    lengths: { data: Int32Array.from(words, ({ letters }) => letters.length) },
    said: rows(longest + 1, boundary, ({ phonemes }) => [boundary, ...phonemes]),
    next: rows(longest + 1, ignored, ({ phonemes }) => [...phonemes, boundary]),
  });
}
