import { mean } from "simple-statistics";
import type { NameFinder } from "./name-finder.ts";
import { firstRun, unknown, type Sentences, type Span } from "./sentences.ts";

export interface Judged {
  /** The share of names of which both ends are right, by the likeliest of several spans. */
  readonly exactlyRight: number;
  /** The same by the likeliest first word, and then the likeliest last one. */
  readonly exactlyRightGreedy: number;
  /** F1 of the words of the span, the mean over all names. Rajpurkar et al. 2016, arXiv:1606.05250, Section 6.1. */
  readonly overlap: number;
}

/** How well the network finds the names of sentences that it never saw. */
export async function judged(model: NameFinder, unseen: Sentences, beams: number): Promise<Judged> {
  const { words, lengths } = unseen.batch(Int32Array.from({ length: unseen.length }, (_, i) => i));
  const wanted = spansOf(unseen);
  model.eval();
  const found = (await model.find(words, lengths, beams).array()) as unknown as Span[];
  const greedy = (await model.find(words, lengths, 1).array()) as unknown as Span[];
  return {
    exactlyRight: shareRight(found, wanted),
    exactlyRightGreedy: shareRight(greedy, wanted),
    overlap: mean(found.map((span, i) => overlap(span, wanted[i]!))),
  };
}

/** The share of names that are the first unknown words in a row: a rule without any learning. */
export function judgedByRule(unseen: Sentences): number {
  const { words, lengths } = unseen.columns;
  const found = Array.from(lengths.data, (length, i): Span => {
    const own = [...words.data.subarray(i * words.shape![0]!)].slice(0, length);
    return firstRun(own.map((word) => word === unknown)) ?? [-1, -1]; // no place at all
  });
  return shareRight(found, spansOf(unseen));
}

/** F1: twice the words that both spans have, of the words that they have together. */
export function overlap(found: Span, wanted: Span): number {
  const both = Math.min(found[1], wanted[1]) - Math.max(found[0], wanted[0]) + 1;
  return (2 * Math.max(0, both)) / (found[1] - found[0] + 1 + (wanted[1] - wanted[0] + 1));
}

function spansOf({ columns, length }: Sentences): readonly Span[] {
  return Array.from({ length }, (_, i): Span => [columns.span.data[2 * i]!, columns.span.data[2 * i + 1]!]);
}

function shareRight(found: readonly Span[], wanted: readonly Span[]): number {
  return mean(found.map(([first, last], i) => Number(first === wanted[i]![0] && last === wanted[i]![1])));
}
