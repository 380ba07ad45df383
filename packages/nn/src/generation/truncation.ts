import { cumsum, greaterEqual, less, min, slice, softmax, sort, sub, topK, where, type Tensor } from "@ansatz/core";

/**
 * Sets all but the k largest scores of each row to −Infinity. Scores equal to the k-th all stay. Fan, Lewis & Dauphin
 * 2018, arXiv:1805.04833.
 *
 * @example topTokens(tensor([[1, 3, 2]]), 2)  // [[-Infinity, 3, 2]]
 */
export function topTokens(scores: Tensor, k: number): Tensor {
  // [batch, vocabulary] -> the same
  const least = slice(topK(scores, k).values, [null, [k - 1, k]]); // [batch, 1]
  return where(greaterEqual(scores, least), scores, -Infinity);
}

/**
 * Sets all scores outside the nucleus of each row to −Infinity. The nucleus is the fewest tokens whose probabilities
 * sum to at least `mass`. Holtzman et al. 2019, arXiv:1904.09751.
 *
 * @example nucleus(tensor([[0, 0.5, 0.7]]), 0.5)  // [[-Infinity, 0.5, 0.7]]
 */
export function nucleus(scores: Tensor, mass: number): Tensor {
  // [batch, vocabulary] -> the same
  const { values } = sort(scores, { descending: true });
  const probabilities = softmax(values);
  const before = sub(cumsum(probabilities), probabilities); // the sum of all likelier tokens
  const least = min(where(less(before, mass), values, Infinity), -1, { keepDims: true });
  return where(greaterEqual(scores, least), scores, -Infinity);
}
