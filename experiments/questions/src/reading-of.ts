import { tensor } from "@ansatz/core";
import type { Reading } from "./span-reader.ts";
import { wordsOf, type Vocabulary, type Word } from "./words.ts";

/** How many words of a question and of a passage are read. */
export interface Lengths {
  readonly question: number;
  readonly passage: number;
}

/** Questions with passages, as the reader takes them. */
export function readingOf(
  pairs: readonly { readonly question: string; readonly passage: string }[],
  vocabulary: Vocabulary,
  lengths: Lengths,
): Reading {
  const length = lengths.question + lengths.passage;
  const rows = pairs.map(({ question, passage }) => {
    const [asked, read] = [wordsOf(question), wordsOf(passage)];
    const own = new Set(asked.map(({ text }) => text.toLowerCase()));
    const kinds = read.slice(0, lengths.passage).map((word) => kindOf(word, own));
    return {
      words: [...vocabulary.numbersOf(asked, lengths.question), ...vocabulary.numbersOf(read, lengths.passage)],
      kinds: Array.from({ length }, (_, i) => kinds[i - lengths.question] ?? 0),
    };
  });
  const column = (name: "words" | "kinds") =>
    tensor(Int32Array.from(rows.flatMap((row) => row[name])), { shape: [pairs.length, length] });
  return { words: column("words"), kinds: column("kinds") };
}

/** 1 to 6: a common word, a word in capitals or a number, which the question hasn't or has. */
function kindOf({ text }: Word, asked: ReadonlySet<string>): number {
  const form = /^\p{N}/u.test(text) ? 2 : /^\p{Lu}/u.test(text) ? 1 : 0;
  return 1 + form + (asked.has(text.toLowerCase()) ? 3 : 0);
}
