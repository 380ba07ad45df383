import { tensor, type Tensor } from "@ansatz/core";

/** A word of a text, and where it is. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The words and numbers of a text. */
export function wordsOf(text: string): readonly Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu), ({ 0: own, index }) => ({
    text: own,
    start: index,
    end: index + own.length,
  }));
}

/** How an answer is compared: its words, in lower case. */
export function normalized(text: string): string {
  return wordsOf(text)
    .map((word) => word.text.toLowerCase())
    .join(" ");
}

/** The numbers of words: 0 is padding, and 1 a word that the texts have too rarely. */
export class Vocabulary {
  readonly words: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(words: readonly string[]) {
    this.words = words;
    this.#numbers = new Map(words.map((word, i) => [word, i + 2]));
  }

  /** The words that texts have at least so often. */
  static of(texts: Iterable<{ readonly text: string }>, leastCount: number): Vocabulary {
    const counts = new Map<string, number>();
    for (const { text } of texts)
      for (const { text: own } of wordsOf(text))
        counts.set(own.toLowerCase(), (counts.get(own.toLowerCase()) ?? 0) + 1);
    return new Vocabulary([...counts].filter(([, count]) => count >= leastCount).map(([word]) => word));
  }

  get size(): number {
    return this.words.length + 2;
  }

  /** The numbers of texts, [texts, length]. */
  tensorOf(texts: readonly string[], length: number): Tensor {
    const numbers = texts.flatMap((text) => this.numbersOf(wordsOf(text), length));
    return tensor(Int32Array.from(numbers), { shape: [texts.length, length] });
  }

  /** The numbers of the first words of a text, with padding up to a length. */
  numbersOf(words: readonly Word[], length: number): number[] {
    return Array.from({ length }, (_, i) =>
      i < words.length ? (this.#numbers.get(words[i]!.text.toLowerCase()) ?? 1) : 0,
    );
  }
}
