import { brownCorpus, Columns, type BrownText, type TaggedSentence } from "@ansatz/data";

/** The token of words that the training texts hold too rarely, and of padding. */
export const unknown = 0;

export interface SentencesOptions {
  /** The number of words of the shortest and of the longest sentence. */
  readonly shortest: number;
  readonly longest: number;
  /** How often the training texts must hold a word, or it is unknown. */
  readonly leastCount: number;
}

/** The places of the first and of the last word. */
export type Span = readonly [first: number, last: number];

/**
 * Lower-case sentences and their first names: `words` [longest], padded after `lengths`, and `span` [2], the places of
 * the first and of the last word of the name.
 */
export type Sentences = Columns<"words" | "lengths" | "span">;

/**
 * The first name in a sentence: the first words in a row that are tagged as proper nouns.
 *
 * @example spanOf({ words: ["and", "Captain", "Ahab", "spoke"], tags: ["cc", "np-tl", "np", "vbd"] })  // [1, 2]
 */
export function spanOf({ tags }: TaggedSentence): Span | undefined {
  return firstRun(tags.map((tag) => tag.startsWith("np")));
}

/** The first places in a row that are true. */
export function firstRun(values: readonly boolean[]): Span | undefined {
  const first = values.indexOf(true);
  if (first === -1) return undefined;
  const after = values.indexOf(false, first);
  return [first, (after === -1 ? values.length : after) - 1];
}

/** The sentences with a name: every tenth text of the Brown corpus is unseen, and the others are to learn from. */
export function sentences(options: SentencesOptions): {
  training: Sentences;
  unseen: Sentences;
  vocabularySize: number;
} {
  const texts = brownCorpus();
  const own = texts.filter((_, i) => i % 10 !== 9);
  const counts = new Map<string, number>();
  for (const word of own.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const known = [...counts].filter(([, count]) => count >= options.leastCount).map(([word]) => word);
  const tokens = new Map(known.map((word, i) => [word, i + 1])); // 0 is the unknown word
  return {
    training: columnsOf(own, tokens, options),
    unseen: columnsOf(
      texts.filter((_, i) => i % 10 === 9),
      tokens,
      options,
    ),
    vocabularySize: known.length + 1,
  };
}

function wordsOf({ sentences: own }: BrownText): string[] {
  return own.flatMap(({ words }) => words.map((word) => word.toLowerCase()));
}

function columnsOf(
  texts: readonly BrownText[],
  tokens: ReadonlyMap<string, number>,
  { shortest, longest }: SentencesOptions,
): Sentences {
  const found = texts
    .flatMap((text) => text.sentences)
    .filter(({ words }) => words.length >= shortest && words.length <= longest)
    .flatMap((sentence) => {
      const span = spanOf(sentence);
      return span === undefined ? [] : [{ words: sentence.words, span }];
    });
  const words = new Int32Array(found.length * longest).fill(unknown);
  for (const [i, sentence] of found.entries())
    words.set(
      sentence.words.map((word) => tokens.get(word.toLowerCase()) ?? unknown),
      i * longest,
    );
  return new Columns({
    words: { data: words, shape: [longest] },
    lengths: { data: Int32Array.from(found, (sentence) => sentence.words.length) },
    span: { data: Int32Array.from(found.flatMap((sentence) => sentence.span)), shape: [2] },
  });
}
