import { concat, exp, norm, normal, slice, square, stopGradient, type RandomKey, type Tensor } from "@ansatz/core";
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
  return rows.mul(norm(independent, -1, { keepDims: true }));
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
  const scaled = x.mul(features ** -0.25);
  const along = scaled.matmul(directions.transpose());
  const exponent = along.sub(square(scaled).sum(-1, { keepDims: true }).div(2));
  const stable = largest === undefined ? exponent : exponent.sub(stopGradient(along.max(largest, { keepDims: true })));
  return exp(stable)
    .add(1e-4)
    .mul(count ** -0.5);
}
