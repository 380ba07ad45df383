/** Pieces of WebAssembly: instructions on local variables and vectors, and the numbers within them. */

export const i32 = 0x7f;
export const f32 = 0x7d;
export const f64 = 0x7c;
export const v128 = 0x7b;

export const get = (local: number): number[] => [0x20, local];
export const set = (local: number): number[] => [0x21, local];
export const tee = (local: number): number[] => [0x22, local];
export const integer = (constant: number): number[] => [0x41, ...signed(constant)];
export const simd = (code: number, ...immediates: number[]): number[] => [0xfd, ...unsigned(code), ...immediates];
export const xor = simd(0x51);

/** On x and y of words x0…x3, y0…y3: the words chosen by position, 0–3 from x and 4–7 from y. */
export const choose = (words: readonly number[]): number[] =>
  simd(0x0d, ...words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)));

/** The length of something, then the thing itself. */
export function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128, seven bits a byte. */
function unsigned(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...unsigned(number >>> 7)];
}

function signed(number: number): number[] {
  return number >= -0x40 && number < 0x40 ? [number & 0x7f] : [(number & 0x7f) | 0x80, ...signed(number >> 7)];
}

/** A function of a module, which returns nothing. */
export interface Routine {
  readonly parameters: readonly number[];
  /** Its own local variables: how many of which type. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly code: readonly number[];
}

/**
 * Where the block that routines write begins, in bytes. Large arrays begin at a page, and copying between equal places
 * of two pages is seven times slower.
 */
export const start = 2_048;
