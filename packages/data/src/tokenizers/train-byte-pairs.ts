import { wordPattern } from "./byte-level.ts";

/** Two tokens that become one. */
export type Merge = readonly [left: number, right: number];

/** The greatest number of tokens, so that a pair fits into one number. */
const most = 2 ** 20;

interface Word {
  tokens: number[];
  readonly count: number;
}

/** How often each pair occurs, and in which words. */
class Pairs {
  readonly counts = new Map<number, number>();
  readonly #words = new Map<number, Set<Word>>();

  change(word: Word, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.tokens.length; i++) {
      const pair = word.tokens[i]! * most + word.tokens[i + 1]!;
      const count = (this.counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) this.counts.delete(pair);
      else this.counts.set(pair, count);
      if (sign === 1) this.#words.set(pair, (this.#words.get(pair) ?? new Set()).add(word));
      else this.#words.get(pair)?.delete(word);
    }
  }

  wordsWith(pair: number): Word[] {
    return [...(this.#words.get(pair) ?? [])];
  }

  /** The most frequent pair; of equally frequent pairs, the one with the earliest tokens. */
  best(): number | undefined {
    let [best, most] = [undefined as number | undefined, 1];
    for (const [pair, count] of this.counts)
      if (count > most || (count === most && best !== undefined && pair < best)) [best, most] = [pair, count];
    return best;
  }
}

/** A sequence of tokens with every occurrence of a pair merged. */
export function merged(tokens: readonly number[], [left, right]: Merge, into: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      result.push(into);
      i++;
    } else result.push(tokens[i]!);
  }
  return result;
}

/**
 * The merges learned from a text, up to a number of them; fewer if no pair occurs twice. Merge i makes token 256 + i.
 */
export function trainMerges(text: string, count: number): Merge[] {
  const encoder = new TextEncoder();
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const pairs = new Pairs();
  for (const [word, times] of counts) pairs.change({ tokens: [...encoder.encode(word)], count: times }, 1);
  const merges: Merge[] = [];
  while (merges.length < count) {
    const pair = pairs.best();
    if (pair === undefined) break;
    const merge: Merge = [Math.floor(pair / most), pair % most];
    for (const word of pairs.wordsWith(pair)) {
      pairs.change(word, -1);
      word.tokens = merged(word.tokens, merge, 256 + merges.length);
      pairs.change(word, 1);
    }
    merges.push(merge);
  }
  return merges;
}
