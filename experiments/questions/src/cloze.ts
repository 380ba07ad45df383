import type { RandomKey } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import type { Passage } from "@ansatz/data-retrieval";
import { salientSpans } from "@ansatz/nn-retrieval";
import { wordsOf } from "./words.ts";

/** A question with its answer, and where the answer is: the places of its words in the passage. */
export interface Question {
  readonly text: string;
  readonly answer: string;
  readonly passage: Passage;
  readonly first: number;
  readonly last: number;
}

/** The greatest number of words in an answer. */
export const longestAnswer = 5;

/**
 * A question made from a passage by a rule: one of its names or dates is the answer, and "who" or "when", with half of
 * the other words of the sentence (but all, if half are fewer than four), is the question. So it has the words that
 * people would type, not their grammar. Undefined for a passage without names and dates among its first `most` words.
 */
export function questionOf(key: RandomKey, passage: Passage, most = Infinity): Question | undefined {
  let drawn = 0;
  const draw = () => threefry2x32(...key.words(), 0, drawn++)[0] / 2 ** 32;
  const words = wordsOf(passage.text);
  const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(passage.text)];
  const candidates = salientSpans(passage.text).flatMap((span) => {
    const first = words.findIndex(({ start }) => start >= span.start);
    const last = words.findLastIndex(({ end }) => end <= span.end);
    const sentence = sentences.findLast(({ index }) => index <= span.start)!;
    const within = ({ start }: { readonly start: number }) =>
      start >= sentence.index && start < sentence.index + sentence.segment.length;
    const others = words.filter((word, i) => within(word) && (i < first || i > last));
    return first >= 0 && last >= first && last < most && last - first < longestAnswer && others.length >= 6
      ? [{ first, last, others }]
      : [];
  });
  if (candidates.length === 0) return undefined;
  const { first, last, others } = candidates[Math.floor(draw() * candidates.length)]!;
  const answer = passage.text.slice(words[first]!.start, words[last]!.end);
  const half = others.filter(() => draw() < 0.5);
  const kept = (half.length < 4 ? others : half).map(({ text }) => text);
  return { text: [/^\p{N}/u.test(answer) ? "when" : "who", ...kept].join(" ") + "?", answer, passage, first, last };
}
