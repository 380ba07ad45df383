/** Text to numbers and back. */
export interface Tokenizer {
  /** Tokens are 0, 1, …, vocabularySize − 1. */
  readonly vocabularySize: number;
  encode(text: string): Int32Array;
  decode(tokens: Iterable<number>): string;
}
