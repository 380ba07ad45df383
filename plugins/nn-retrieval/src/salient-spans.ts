import { ArgumentError, type RandomKey } from "@ansatz/core";
import { drawn, sentencesOf } from "./inverse-cloze.ts";

/** A part of a text: from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The names and dates of a text: what REALM masks, since they need knowledge of the world (Guu et al. 2020,
 * arXiv:2002.08909, Section 3.4).
 *
 * The paper finds them with a tagger and a pattern for dates. Here a rule does: words in capitals that follow each
 * other, and numbers, also with a word in capitals beside them, as in "12 May 1851". A single capitalised word at the
 * start of a sentence isn't a name, nor is "I". So some names are missed, and headlines are one long name.
 *
 * @example salientSpans("They met Captain Ahab in 1851.").map(({ text }) => text)  // ["Captain Ahab", "1851"]
 */
export function salientSpans(text: string): Span[] {
  const spans: Span[] = [];
  let offset = 0;
  for (const sentence of sentencesOf(text)) {
    const first = sentence.search(/[\p{L}\p{N}]/u);
    for (const { 0: run, index } of sentence.matchAll(
      /(?<![\p{L}\p{N}])(?:\p{Lu}|\p{N})[\p{L}\p{N}’'-]*(?: (?:\p{Lu}|\p{N})[\p{L}\p{N}’'-]*)*/gu,
    )) {
      const found = run.replace(/(?:['’]s|['’-])$/u, "");
      const single = !found.includes(" ") && !/^\p{N}/u.test(found);
      if (found === "I" || (single && index === first)) continue;
      spans.push({ start: offset + index, end: offset + index + found.length, text: found });
    }
    offset += sentence.length;
  }
  return spans;
}

/**
 * Masks one salient span of a text, which is then the answer; undefined if it has none. The same key chooses the same.
 *
 * @throws ArgumentError if the mask is empty
 * @example maskSalientSpan(key(1), "He met Ahab.")  // { text: "He met [MASK].", answer: "Ahab", start: 7 }
 */
export function maskSalientSpan(
  key: RandomKey,
  text: string,
  mask = "[MASK]",
): { readonly text: string; readonly answer: string; readonly start: number } | undefined {
  if (mask === "") throw new ArgumentError("maskSalientSpan: the mask is empty\n  use a token such as [MASK]");
  const spans = salientSpans(text);
  const span = spans[Math.floor(drawn(key)[0] * spans.length)];
  if (span === undefined) return undefined;
  return { text: text.slice(0, span.start) + mask + text.slice(span.end), answer: span.text, start: span.start };
}
