import { compile, type Tensor } from "@ansatz/core";
import { DataLoader } from "@ansatz/data";
import { mean } from "simple-statistics";
import { errorsOf, type Spoken } from "./judged.ts";
import { pictureOf } from "./picture.ts";
import type { RecurrentSpeller } from "./speller.ts";
import { columnsOf, wordOf } from "./words.ts";

const batchSize = 256;

/** How much each phoneme that was said looked at each letter of its word: a row for each phoneme. */
export type Alignment = readonly (readonly number[])[];

export async function alignments(
  model: RecurrentSpeller,
  all: readonly Spoken[],
  longest: number,
): Promise<readonly Alignment[]> {
  const align = compile((letters: Tensor, said: Tensor, lengths: Tensor) => model.alignment(letters, said, lengths));
  const words = all.map(({ word, said }) => ({ letters: word.letters, phonemes: said }));
  const found: number[][][] = [];
  for await (const { letters, said, lengths } of new DataLoader(columnsOf(words, longest), { batchSize }))
    found.push(...((await (await align(letters, said, lengths)).array()) as number[][][]));
  return found.map((rows, i) =>
    rows.slice(0, words[i]!.phonemes.length).map((row) => row.slice(0, words[i]!.letters.length)),
  );
}

/** A picture of the longest word that was said without a mistake, the first of them; else of the first word. */
export function drawn(
  all: readonly Spoken[],
  found: readonly Alignment[],
  phonemes: readonly string[],
): Promise<string> {
  const right = all.filter((one) => errorsOf([one]).phonemeErrorRate === 0);
  const longest = Math.max(...right.map(({ word }) => word.letters.length));
  const { word, said } = right.find(({ word }) => word.letters.length === longest) ?? all[0]!;
  const place = all.findIndex((one) => one.word === word);
  return pictureOf(
    [...wordOf(word.letters)],
    said.map((token) => phonemes[token - 1]!),
    found[place]!,
  );
}

/** The share of phonemes that look no further back than the one before them, at the letter with the largest weight. */
export function shareForward(found: readonly Alignment[]): number {
  const forward = found.flatMap((rows) => {
    const places = rows.map((row) => row.indexOf(Math.max(...row)));
    return places.slice(1).map((place, i) => Number(place >= places[i]!));
  });
  return mean(forward);
}
