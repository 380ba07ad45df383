import {
  abs,
  add,
  ArgumentError,
  iota,
  mul,
  neg,
  reshape,
  sub,
  tensor,
  type DType,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";

export interface AlibiOptions {
  /** The number of queries. Default: as many as keys. */
  readonly queries?: number;
  /** The position of the first query among the keys. Default: 0. */
  readonly position?: TensorLike;
  readonly dtype?: DType;
}

/**
 * The slope of each head: 2^(−8/n), 2^(−16/n), …. For a number of heads that isn't a power of two, the rest comes from
 * twice as many heads, as in the authors' code.
 */
function slopesOf(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  return [...slopes(power), ...slopes(2 * power).filter((_, i) => i % 2 === 0)].slice(0, heads);
}

/**
 * Attention with linear biases: the further a key is from a query, the lower its score, with a different slope m for
 * each head. Press, Smith & Lewis 2021, arXiv:2108.12409.
 *
 *   bias[i, j] = −m · |position + i − j|
 *
 * The result is [heads, queries, keys]. The paper has causal attention alone, where j is at most i; with absolute
 * distances the bias also fits attention in both directions.
 *
 * @throws ArgumentError unless there is at least one head
 * @example alibiBias(1, 3)  // [[[0, -0.0039, -0.0078], [-0.0039, 0, -0.0039], [-0.0078, -0.0039, 0]]]
 */
export function alibiBias(heads: number, keys: number, options: AlibiOptions = {}): Tensor {
  if (!Number.isInteger(heads) || heads < 1)
    throw new ArgumentError(`alibiBias: ${heads} heads\n  use a whole number, 1 or more`);
  const { queries = keys, position = 0, dtype = "float32" } = options;
  const places = reshape(add(iota(queries, { dtype }), position), [queries, 1]);
  const distances = abs(sub(places, iota(keys, { dtype }))); // [queries, keys]
  return neg(mul(tensor(slopesOf(heads), { shape: [heads, 1, 1], dtype }), distances));
}
