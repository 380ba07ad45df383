/**
 * How GPT-2 splits a text before merging: contractions, words with the space before them, numbers, punctuation, runs of
 * white space. Radford et al. 2019.
 */
export const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * GPT-2's way to write bytes as visible characters: printable bytes stand for themselves, the others become code points
 * from 256.
 */
const characters: readonly string[] = (() => {
  const prints = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : next++));
})();

const bytes: ReadonlyMap<string, number> = new Map(characters.map((character, byte) => [character, byte]));

/** Bytes as characters. */
export function visible(own: Iterable<number>): string {
  return Array.from(own, (byte) => characters[byte]!).join("");
}

/** Characters as bytes; undefined if a character does not stand for a byte. */
export function invisible(text: string): number[] | undefined {
  const own = Array.from(text, (character) => bytes.get(character));
  return own.includes(undefined) ? undefined : (own as number[]);
}
