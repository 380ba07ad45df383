import { defaultDType, type FloatingDType } from "../contract/default-dtype.ts";
import { isFloating, sizeOf, type DType, type Shape, type TypedArray } from "../contract/dtype.ts";
import { ArgumentError, DTypeError } from "../contract/errors.ts";
import { leaf } from "../graph/leaf.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { toTensor } from "../ops/family.ts";
import { argmax } from "../ops/reduction/reduction.ts";
import { checkInteger, checkShape } from "../contract/shape.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import type { RandomKey } from "./key.ts";
import { boxMuller } from "./box-muller.ts";
import { drawInPlace } from "./loop.ts";
import { drawBits, drawMask, drawNormals, type Key } from "./threefry.ts";

/** A leaf whose values are drawn on the host when a program is dispatched: the same bits for every backend. */
function draw(
  key: RandomKey,
  shape: Shape,
  dtype: DType,
  values: (key: Key, count: number, into?: TypedArray) => TypedArray,
): Tensor {
  return drawInPlace(checkShape("random", shape), dtype, (full) =>
    leaf(full, dtype, { kind: "host", reusable: true, produce: (into) => values(key.words(), sizeOf(full), into) }),
  );
}

function floating(dtype: DType | undefined): FloatingDType {
  const chosen = dtype ?? defaultDType();
  if (!isFloating(chosen))
    throw new DTypeError(`random: ${chosen} cannot hold random floats\n  use float32 or float64`);
  return chosen as FloatingDType;
}

/**
 * Random 32-bit words, as uint32: Threefry-2x32 with 20 rounds.
 *
 * @example randomBits(key(0), [2])  // [1797259609, 2579123966]
 */
export function randomBits(key: RandomKey, shape: Shape): Tensor {
  return draw(key, shape, "uint32", (words, count, into) => drawBits(words, count, 0, into as Uint32Array | undefined));
}

/** Numbers in [0, 1), with every bit that the dtype holds. */
function unit(words: Key, count: number, dtype: FloatingDType): Float32Array | Float64Array {
  if (dtype === "float32") {
    const bits = drawBits(words, count);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = (bits[i]! >>> 8) * 2 ** -24;
    return values;
  }
  const bits = drawBits(words, 2 * count);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = (bits[2 * i]! * 2 ** 21 + (bits[2 * i + 1]! >>> 11)) * 2 ** -53;
  return values;
}

/**
 * Uniform numbers in [low, high).
 *
 * @example uniform(key(0), [3]).shape  // [3]
 */
export function uniform(
  key: RandomKey,
  shape: Shape,
  options: { readonly low?: number; readonly high?: number; readonly dtype?: DType } = {},
): Tensor {
  const { low = 0, high = 1 } = options;
  const dtype = floating(options.dtype);
  return draw(key, shape, dtype, (words, count) => {
    const values = unit(words, count, dtype);
    if (low !== 0 || high !== 1) for (let i = 0; i < count; i++) values[i] = low + (high - low) * values[i]!;
    return values;
  });
}

export interface NormalOptions {
  readonly mean?: number;
  /** Standard deviation. */
  readonly std?: number;
  readonly dtype?: DType;
}

/** Normal numbers: float32 from one word each, float64 from two. */
function gaussian(words: Key, count: number, dtype: FloatingDType, { mean = 0, std = 1 }: NormalOptions): TypedArray {
  if (dtype === "float32") return drawNormals(words, count, mean, std);
  const values = new Float64Array(count);
  boxMuller(unit(words, count + (count % 2), dtype), 1, values);
  return rescale(values, mean, std);
}

function rescale(values: TypedArray, mean: number, std: number): TypedArray {
  if (mean !== 0 || std !== 1) for (let i = 0; i < values.length; i++) values[i] = mean + std * values[i]!;
  return values;
}

/**
 * Normal numbers.
 *
 * @example normal(key(0), [2, 3], { std: 0.02 }).shape  // [2, 3]
 */
export function normal(key: RandomKey, shape: Shape, options: NormalOptions = {}): Tensor {
  const dtype = floating(options.dtype);
  return draw(key, shape, dtype, (words, count) => gaussian(words, count, dtype, options));
}

/**
 * Normal numbers within `limit` standard deviations of the mean: what falls outside is drawn again.
 *
 * @example truncatedNormal(key(0), [3]).shape  // [3]
 */
export function truncatedNormal(
  key: RandomKey,
  shape: Shape,
  options: NormalOptions & { readonly limit?: number } = {},
): Tensor {
  const { limit = 2, mean = 0, std = 1 } = options;
  if (!(limit > 0))
    throw new ArgumentError(`truncatedNormal: the limit is ${limit}\n  use a number of standard deviations above 0`);
  const dtype = floating(options.dtype);
  return draw(key, shape, dtype, (words, count) => {
    const values = gaussian(words, count, dtype, {});
    for (let round = 1, outside = count; outside > 0; round++) {
      const again = gaussian([words[0], (words[1] ^ Math.imul(round, 0x9e3779b9)) >>> 0], count, dtype, {});
      outside = 0;
      for (let i = 0; i < count; i++)
        if (Math.abs(values[i]!) > limit && Math.abs((values[i] = again[i]!)) > limit) outside++;
    }
    return rescale(values, mean, std);
  });
}

/**
 * `value` with the given probability, 0 otherwise. The decision takes 16 bits: probabilities are multiples of 2⁻¹⁶.
 *
 * @throws ArgumentError for a probability outside 0 to 1
 * @example bernoulli(key(0), 1, [2])  // [1, 1]
 */
export function bernoulli(
  key: RandomKey,
  probability: number,
  shape: Shape,
  options: { readonly value?: number; readonly dtype?: DType } = {},
): Tensor {
  if (!(probability >= 0 && probability <= 1))
    throw new ArgumentError(`bernoulli: the probability is ${probability}\n  use a number from 0 to 1`);
  const { value = 1 } = options;
  const dtype = floating(options.dtype);
  return draw(key, shape, dtype, (words, count, into) =>
    dtype === "float32"
      ? drawMask(words, count, probability, value, into as Float32Array | undefined)
      : Float64Array.from(drawMask(words, count, probability, 1), (kept) => kept * value),
  );
}

/**
 * Whole numbers in [low, high), as int32.
 *
 * @example randomIntegers(key(0), [3], { low: 5, high: 6 })  // [5, 5, 5]
 */
export function randomIntegers(
  key: RandomKey,
  shape: Shape,
  options: { readonly low?: number; readonly high: number },
): Tensor {
  const { low = 0, high } = options;
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low)
    throw new ArgumentError(`randomIntegers: no whole number is in [${low}, ${high})`);
  return draw(key, shape, "int32", (words, count) => {
    const bits = drawBits(words, count);
    return Int32Array.from(bits, (word) => low + Math.floor((word / 2 ** 32) * (high - low)));
  });
}

/**
 * 0 … length − 1 in random order, as int32. Fisher and Yates's shuffle.
 *
 * @example permutation(key(0), 1)  // [0]
 */
export function permutation(key: RandomKey, length: number): Tensor {
  checkInteger("permutation: the length", length, 0);
  return draw(key, [length], "int32", (words, count) => shuffled(words, count, length));
}

function shuffled(words: Key, count: number, length: number): Int32Array {
  const bits = drawBits(words, count);
  const values = new Int32Array(count);
  // Inside a loop, one permutation for each step.
  for (let start = 0; start < count; start += length) {
    for (let i = 0; i < length; i++) values[start + i] = i;
    for (let i = length - 1; i > 0; i--) {
      const j = Math.floor((bits[start + i]! / 2 ** 32) * (i + 1));
      [values[start + i], values[start + j]] = [values[start + j]!, values[start + i]!];
    }
  }
  return values;
}

/**
 * Draws a class from each row of logits, as int32: argmax(logits + Gumbel noise). Gumbel 1954.
 *
 * @example categorical(key(0), tensor([0, 100, 0]))  // 1
 */
export function categorical(key: RandomKey, logits: TensorLike, axis = -1): Tensor {
  const scores = toTensor(logits);
  const noise = draw(key, scores.shape, floating(scores.dtype), (words, count) => {
    const uniforms = unit(words, count, "float64");
    const values = scores.dtype === "float64" ? new Float64Array(count) : new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = -Math.log(-Math.log(uniforms[i]! + 2 ** -54));
    return values;
  });
  return argmax(add(scores, noise), axis);
}
