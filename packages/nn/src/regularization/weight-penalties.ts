import { abs, add, ArgumentError, square, sum, type Cell, type Tensor } from "@ansatz/core";
import { isCell } from "@ansatz/core/plugin";

function total(name: string, weights: readonly (Tensor | Cell)[], size: (x: Tensor) => Tensor): Tensor {
  if (weights.length === 0) throw new ArgumentError(`${name}: there are no weights\n  pass at least one`);
  return weights.map((weight) => sum(size(isCell(weight) ? weight.read() : weight))).reduce((a, b) => add(a, b));
}

/**
 * The L2 penalty Σ w² over all weights, to be added to a loss with a factor. With plain gradient descent a factor of ½
 * λ is a weight decay of λ. With adaptive rules it is not; use AdamW for that.
 *
 * @throws ArgumentError if there are no weights
 * @example l2Penalty([tensor([1, 2]), tensor([3])])  // 14
 */
export function l2Penalty(weights: readonly (Tensor | Cell)[]): Tensor {
  return total("l2Penalty", weights, square);
}

/**
 * The L1 penalty Σ |w| over all weights, which drives unneeded weights to 0. Tibshirani 1996.
 *
 * @throws ArgumentError if there are no weights
 * @example l1Penalty([tensor([1, -2]), tensor([3])])  // 6
 */
export function l1Penalty(weights: readonly (Tensor | Cell)[]): Tensor {
  return total("l1Penalty", weights, abs);
}
