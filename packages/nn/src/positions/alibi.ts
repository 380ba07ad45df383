import { ArgumentError, mul, sub, iota, tensor, type Tensor } from "@ansatz/core";

/**
 * 2^(−8/n), 2^(−16/n), …; for a number of heads that is no power of two, filled up from twice as many, as the authors
 * do.
 */
function slopesOf(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  return [...slopes(power), ...slopes(2 * power).filter((_, i) => i % 2 === 0)].slice(0, heads);
}

/**
 * Attention with linear biases: the further back a key, the lower its score, by a slope of each head's own; for causal
 * attention. Press, Smith & Lewis 2021, arXiv:2108.12409.
 *
 * The result is [heads, 1, keys], counted from the last key: softmax takes no notice of what all scores of a query have
 * in common.
 *
 * @throws ArgumentError unless there is at least one head
 * @example alibiBias(1, 3)  // [[[-0.0078, -0.0039, 0]]]
 */
export function alibiBias(heads: number, keys: number): Tensor {
  if (!Number.isInteger(heads) || heads < 1)
    throw new ArgumentError(`alibiBias: ${heads} heads\n  use a whole number, 1 or more`);
  return mul(tensor(slopesOf(heads)).reshape([heads, 1, 1]), sub(iota(keys, { dtype: "float32" }), keys - 1));
}
