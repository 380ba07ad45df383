import { ArgumentError } from "@ansatz/core";
import type { Tokenizer } from "./tokenizer.ts";

const unknown = "[UNK]";
/** Words and single punctuation marks, as BERT splits a text. */
const wordPattern = /[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu;

interface Word {
  pieces: string[];
  readonly count: number;
}

/** Joins two pieces; the continuation mark between them is left out. */
const joined = (left: string, right: string): string => left + right.slice(2);

/**
 * The pair with the highest score count(ab) / (count(a) count(b)), which measures how much likelier the merge makes the
 * text. Of equal pairs, the first in the text.
 */
function bestPair(words: readonly Word[]): readonly [string, string] | undefined {
  const [singles, pairs] = [
    new Map<string, number>(),
    new Map<string, { left: string; right: string; count: number }>(),
  ];
  for (const { pieces, count } of words) {
    for (const [i, piece] of pieces.entries()) {
      singles.set(piece, (singles.get(piece) ?? 0) + count);
      const right = pieces[i + 1];
      if (right === undefined) continue;
      const name = `${piece} ${right}`;
      const known = pairs.get(name) ?? { left: piece, right, count: 0 };
      known.count += count;
      pairs.set(name, known);
    }
  }
  let best: { left: string; right: string; score: number } | undefined;
  for (const { left, right, count } of pairs.values()) {
    const score = count / (singles.get(left)! * singles.get(right)!);
    if (count > 1 && (best === undefined || score > best.score)) best = { left, right, score };
  }
  return best && [best.left, best.right];
}

/**
 * WordPiece: splits words into the longest known pieces, from the left. Pieces that continue a word begin with ##.
 * Schuster & Nakajima 2012; Devlin et al. 2018, arXiv:1810.04805.
 *
 * `train` learns the pieces from a text by merging the best-scored pair each time. Spaces are not kept, and a word with
 * an unknown letter becomes [UNK], token 0.
 *
 * @example const tokenizer = WordPieceTokenizer.train("hug hugs hug pug", { vocabularySize: 9 });
 * tokenizer.decode(tokenizer.encode("pug hug")) // "pug hug"
 */
export class WordPieceTokenizer implements Tokenizer {
  /** The pieces; the index of each is its token. */
  readonly pieces: readonly string[];
  readonly #tokens: ReadonlyMap<string, number>;
  readonly #longest: number;

  constructor(pieces: readonly string[]) {
    if (pieces[0] !== unknown || new Set(pieces).size !== pieces.length)
      throw new ArgumentError(
        `WordPieceTokenizer: the first piece is ${JSON.stringify(pieces[0])}, ` +
          `and ${pieces.length - new Set(pieces).size} pieces are repeated\n` +
          `  begin with "${unknown}", and list each piece once`,
      );
    this.pieces = pieces;
    this.#tokens = new Map(pieces.map((piece, token) => [piece, token]));
    this.#longest = pieces.reduce((most, piece) => Math.max(most, piece.length), 0);
  }

  /**
   * Learns pieces from a text until the vocabulary has the given size, or no pair occurs twice.
   *
   * @throws ArgumentError for a vocabulary that is too small for the letters of the text
   */
  static train(text: string, options: { readonly vocabularySize: number }): WordPieceTokenizer {
    const counts = new Map<string, number>();
    for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = Array.from(counts, ([word, count]): Word => ({
      pieces: [...word].map((letter, i) => (i === 0 ? letter : `##${letter}`)),
      count,
    }));
    const pieces = new Set([unknown, ...words.flatMap((word) => word.pieces).toSorted()]);
    if (!Number.isInteger(options.vocabularySize) || pieces.size > options.vocabularySize) {
      throw new ArgumentError(
        `WordPieceTokenizer: the vocabulary size is ${options.vocabularySize}\n` +
          `  use a larger one: the letters of this text alone make ${pieces.size}`,
      );
    }
    while (pieces.size < options.vocabularySize) {
      const pair = bestPair(words);
      if (pair === undefined) break;
      const whole = joined(...pair);
      pieces.add(whole);
      for (const word of words) word.pieces = together(word.pieces, pair, whole);
    }
    return new WordPieceTokenizer([...pieces]);
  }

  get vocabularySize(): number {
    return this.pieces.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(Array.from(text.matchAll(wordPattern), ([word]) => this.#encodeWord(word)).flat());
  }

  #encodeWord(word: string): number[] {
    const found: number[] = [];
    for (let start = 0; start < word.length;) {
      const mark = start === 0 ? "" : "##";
      let end = Math.min(word.length, start + this.#longest);
      while (end > start && !this.#tokens.has(mark + word.slice(start, end))) end--;
      if (end === start) return [0];
      found.push(this.#tokens.get(mark + word.slice(start, end))!);
      start = end;
    }
    return found;
  }

  /** The words of the tokens, separated by spaces. */
  decode(tokens: Iterable<number>): string {
    let text = "";
    for (const token of tokens) {
      const piece = this.pieces[token];
      if (piece === undefined)
        throw new ArgumentError(
          `WordPieceTokenizer: there is no token ${token}\n  tokens are 0 to ${this.vocabularySize - 1}`,
        );
      if (piece.startsWith("##")) text += piece.slice(2);
      else text += text === "" ? piece : ` ${piece}`;
    }
    return text;
  }
}

function together(pieces: readonly string[], [left, right]: readonly [string, string], whole: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      result.push(whole);
      i++;
    } else result.push(pieces[i]!);
  }
  return result;
}
