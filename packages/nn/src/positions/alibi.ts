import { ArgumentError, iota, mul, sub, tensor, type DType, type Tensor } from "@ansatz/core";

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
 * Attention with linear biases, for causal attention: the further back a key is, the lower its score, with a different
 * slope for each head. Press, Smith & Lewis 2021, arXiv:2108.12409.
 *
 * The result is [heads, 1, keys] with distances counted from the last key. That serves every query: softmax ignores
 * what is added to all scores of a query alike.
 *
 * @throws ArgumentError unless there is at least one head
 * @example alibiBias(1, 3)  // [[[-0.0078, -0.0039, 0]]]
 */
export function alibiBias(heads: number, keys: number, options: { readonly dtype?: DType } = {}): Tensor {
  if (!Number.isInteger(heads) || heads < 1)
    throw new ArgumentError(`alibiBias: ${heads} heads\n  use a whole number, 1 or more`);
  const { dtype = "float32" } = options;
  return mul(tensor(slopesOf(heads), { shape: [heads, 1, 1], dtype }), sub(iota(keys, { dtype }), keys - 1));
}
