/**
 * How GPT-2 cuts a text before it merges: contractions, words with the space in front of them, numbers, signs, runs of
 * space. Radford et al. 2019.
 */
export const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * GPT-2's way to write bytes as characters that can be seen: those that print stand for themselves, the others for 256
 * and on.
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

/** Characters as bytes; undefined where one stands for none. */
export function invisible(text: string): number[] | undefined {
  const own = Array.from(text, (character) => bytes.get(character));
  return own.includes(undefined) ? undefined : (own as number[]);
}
