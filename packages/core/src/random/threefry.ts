import { ArgumentError } from "../contract/errors.ts";
import { boxMuller } from "./box-muller.ts";
import { routines } from "./routines.ts";

/** A key of Threefry-2x32: two words of 32 bits. */
export type Key = readonly [number, number];

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 with 20 rounds: two random words for a key and a counter. Nothing is kept between calls: the same key
 * and counter give the same words, everywhere. Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3".
 *
 * @example threefry2x32(0, 0, 0, 0)  // [0x6b200159, 0x99ba4efe]
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0 | 0, key1 | 0, key0 ^ key1 ^ 0x1bd11bda] as const;
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let turn = 1; turn <= 5; turn++) {
    const first = turn % 2 === 1 ? 0 : 4;
    for (let step = first; step < first + 4; step++) {
      const by = rotations[step] as number;
      a = (a + b) | 0;
      b = ((b << by) | (b >>> (32 - by))) ^ a;
    }
    a = (a + (keys[turn % 3] as number)) | 0;
    b = (b + (keys[(turn + 1) % 3] as number) + turn) | 0;
  }
  return [a >>> 0, b >>> 0];
}

/**
 * `count` random words: words 2i and 2i + 1 are the first and second word of Threefry-2x32 at counter (counterStart +
 * i, 0). Counters end at 2³². Fills `into` if it is given: touching fresh memory takes as long as the draw.
 *
 * @example drawBits([0, 0], 3)  // threefry2x32(0, 0, 0, 0), then the first word of threefry2x32(0, 0, 1, 0)
 */
export function drawBits(key: Key, count: number, counterStart = 0, into?: Uint32Array): Uint32Array {
  const words = into ?? new Uint32Array(count);
  if (words.length !== count)
    throw new ArgumentError(
      `drawBits: ${count} words do not fill an array of ${words.length}\n  give an array of ${count}`,
    );
  if (!(counterStart >= 0 && counterStart + count / 2 <= 2 ** 32)) {
    throw new ArgumentError(
      `drawBits: counters ${counterStart} to ${counterStart + count / 2} do not lie within 0 and 2³²\n  take a new key`,
    );
  }
  const simd = routines();
  if (simd === undefined) {
    fillPlainly(words, key, counterStart);
  } else {
    const block = new Uint32Array(simd.memory, simd.start, simd.size / 4);
    fill(words, block, (end, start) => simd.draw(end, key[0], key[1], counterStart + start / 2, -1, 0));
  }
  return words;
}

/**
 * `count` independent decisions as float32: `value` with the given probability, else 0. A decision takes 16 bits of
 * {@link drawBits}'s words, low half first, so that the probability is rounded to a multiple of 2⁻¹⁶. Fills `into`
 * if it is given.
 *
 * @example drawMask([0, 0], 1_000, 0.9, 1 / 0.9)  // what dropout at rate 0.1 multiplies by
 */
export function drawMask(
  key: Key,
  count: number,
  probability: number,
  value: number,
  into?: Float32Array,
): Float32Array {
  if (!(probability >= 0 && probability <= 1))
    throw new ArgumentError(`drawMask: the probability is ${probability}\n  use a number from 0 to 1`);
  const mask = into ?? new Float32Array(count);
  if (mask.length !== count)
    throw new ArgumentError(
      `drawMask: ${count} decisions do not fill an array of ${mask.length}\n  give an array of ${count}`,
    );
  const threshold = Math.round(probability * 2 ** 16);
  if (threshold === 2 ** 16) return mask.fill(value); // one more than 16 bits hold
  const simd = routines();
  if (simd === undefined) {
    const halves = new Uint16Array(drawBits(key, Math.ceil(count / 2)).buffer);
    for (let i = 0; i < count; i++) mask[i] = (halves[i] as number) < threshold ? value : 0;
  } else {
    const block = new Float32Array(simd.memory, simd.start, simd.size / 4);
    fill(mask, block, (end, start) => simd.draw(end, key[0], key[1], start / 4, threshold, value));
  }
  return mask;
}

/**
 * `count` normal numbers as float32, from one word each of {@link drawBits}.
 *
 * @example drawNormals([0, 0], 1_000, 0, 0.02)
 */
export function drawNormals(key: Key, count: number, mean: number, std: number): Float32Array {
  const values = new Float32Array(count);
  const simd = routines();
  if (simd === undefined) {
    boxMuller(drawBits(key, count + (count % 2)), 2 ** -32, values);
    for (let i = 0; i < count; i++) values[i] = mean + std * values[i]!;
  } else {
    const block = new Float32Array(simd.memory, simd.start, simd.size / 4);
    fill(values, block, (end, start) => {
      simd.draw(end, key[0], key[1], start / 2, -1, 0);
      simd.normals(end, mean, std);
    });
  }
  return values;
}

/**
 * Fills an array through a small block of memory: `draw` writes the block's first `end` bytes for elements from `start`
 * on.
 */
function fill<T extends Uint32Array | Float32Array>(
  result: T,
  block: T,
  draw: (end: number, start: number) => void,
): void {
  for (let start = 0; start < result.length; start += block.length) {
    const length = Math.min(block.length, result.length - start);
    draw(Math.ceil(length / 32) * 128, start);
    result.set(length === block.length ? block : block.subarray(0, length), start);
  }
}

/** The same words without WebAssembly SIMD. */
function fillPlainly(words: Uint32Array, key: Key, counterStart: number): void {
  for (let i = 0; i < words.length; i += 2) {
    const [first, second] = threefry2x32(key[0], key[1], counterStart + i / 2, 0);
    words[i] = first;
    if (i + 1 < words.length) words[i + 1] = second;
  }
}
