import {
  add,
  concat,
  exp,
  matmul,
  max,
  mul,
  norm,
  normal,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  transpose,
} from "@ansatz/core";
import type { RandomKey, Tensor } from "@ansatz/core";
import { orthogonal } from "@ansatz/nn";

export interface RandomFeatureOptions {
  /** Whether the directions in each block of `features` rows are orthogonal to each other. Default: true. */
  readonly orthogonal?: boolean;
}

/**
 * The directions Ω of random features, [count, features]: each is N(0, 1), and in each block of `features` rows they
 * are orthogonal to each other, with the lengths of independent rows. Choromanski et al. 2020, arXiv:2009.14794,
 * Section 2.4.
 *
 * @example randomDirections(key(0), 6, 4).shape  // [6, 4]
 */
export function randomDirections(
  key: RandomKey,
  count: number,
  features: number,
  options: RandomFeatureOptions = {},
): Tensor {
  const [lengths, ...blocks] = key.split(1 + Math.ceil(count / features)) as [RandomKey, ...RandomKey[]];
  const independent = normal(lengths, [count, features]);
  if (options.orthogonal === false) return independent;
  const start = orthogonal();
  const rows = slice(concat(blocks.map((block) => start(block, [features, features]))), [[0, count]]);
  return mul(rows, norm(independent, -1, { keepDims: true }));
}

/**
 * Positive random features of the softmax kernel: the mean of φ(q) · φ(k) over Ω is exp(q · k / √d). Choromanski et al.
 * 2020, arXiv:2009.14794, Lemma 1.
 *
 *   φ(x) = (exp(Ω x' − |x'|² / 2 − c) + ε) / √m      x' = x / d^¼      ε = 10⁻⁴
 *
 * x [..., time, d] and directions [m, d] give [..., time, m]. c keeps the exponents small, and cancels in attention if
 * it is one number for each query, or one for all keys: `largest` names the axes over which it is the largest exponent.
 * Without it c is 0.
 */
export function positiveFeatures(x: Tensor, directions: Tensor, largest?: readonly number[]): Tensor {
  const [count, features] = directions.shape as [number, number];
  const scaled = mul(x, features ** -0.25);
  const along = matmul(scaled, transpose(directions));
  const half = mul(sum(square(scaled), -1, { keepDims: true }), 0.5);
  const exponent = sub(along, half);
  const stable =
    largest === undefined ? exponent : sub(exponent, stopGradient(max(along, largest, { keepDims: true })));
  return mul(add(exp(stable), 1e-4), count ** -0.5);
}
