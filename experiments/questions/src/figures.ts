import type { Hit } from "@ansatz/data-retrieval";
import { ruleAnswer, spanAnswers, type Search } from "./answering.ts";
import type { Question } from "./cloze.ts";
import type { Lengths } from "./reading-of.ts";
import type { SpanReader } from "./span-reader.ts";
import { normalized, type Vocabulary } from "./words.ts";

/** What a run finds, as shares of the unseen questions. */
export type Figures = {
  /** How often the question's passage is among those that were found. */
  readonly found: number;
  /** Answers with exactly the right words, and F1 of words. Rajpurkar et al. 2016, arXiv:1606.05250, Section 6.1. */
  readonly exact: number;
  readonly overlap: number;
  /** The same by the rule of `ruleAnswer`. */
  readonly exactByRule: number;
};

/** Asks unseen questions. */
export async function figuresOf(
  reader: SpanReader,
  questions: readonly Question[],
  {
    search,
    vocabulary,
    lengths,
  }: { readonly search: Search; readonly vocabulary: Vocabulary; readonly lengths: Lengths },
): Promise<Figures> {
  const answers = spanAnswers(reader, vocabulary, lengths);
  const rows: { found: boolean; exact: boolean; overlap: number; exactByRule: boolean }[] = [];
  const size = 16;
  for (let start = 0; start < questions.length; start += size) {
    const own = questions.slice(start, start + size);
    const asked = own.map(({ text }) => text);
    const hits: readonly (readonly Hit[])[] = await search(asked);
    const said = await answers(asked, hits);
    for (const [i, { answer, passage, text }] of own.entries()) {
      const [wanted, read] = [normalized(answer), normalized(said[i]?.answer ?? "")];
      rows.push({
        found: hits[i]!.some(({ id }) => id === passage.id),
        exact: read === wanted,
        overlap: overlap(read.split(" "), wanted.split(" ")),
        exactByRule: normalized(ruleAnswer(text, hits[i]!)?.answer ?? "") === wanted,
      });
    }
  }
  const share = (of: (row: (typeof rows)[number]) => number | boolean) =>
    rows.reduce((sum, row) => sum + Number(of(row)), 0) / rows.length;
  return {
    found: share((row) => row.found),
    exact: share((row) => row.exact),
    overlap: share((row) => row.overlap),
    exactByRule: share((row) => row.exactByRule),
  };
}

/** F1: twice the words that both have, of the words that they have together. */
export function overlap(read: readonly string[], wanted: readonly string[]): number {
  const left = [...wanted];
  const both = read.filter((word) => {
    const place = left.indexOf(word);
    if (place !== -1) left.splice(place, 1);
    return place !== -1;
  }).length;
  return (2 * both) / (read.length + wanted.length);
}
