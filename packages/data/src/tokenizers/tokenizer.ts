/** Turns text into whole numbers, and back. */
export interface Tokenizer {
  readonly vocabularySize: number;
  encode(text: string): Int32Array;
  decode(tokens: Iterable<number>): string;
}
