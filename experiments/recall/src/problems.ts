import { add, ArgumentError, concat, randomIntegers, reshape, stack, takeAlongAxis, topK, uniform } from "@ansatz/core";
import type { RandomKey, Tensor } from "@ansatz/core";

export interface RecallProblems {
  /** Pairs of a key and a value, then every key once more, in another order: [batch, 3 · pairs] of int32. */
  readonly input: Tensor;
  /** The values of the keys that are asked for: [batch, pairs] of int32. */
  readonly answers: Tensor;
}

/**
 * Problems of multi-query associative recall. Arora et al. 2023, arXiv:2312.04927, Section 3.
 *
 * There are `vocabulary` tokens of keys, from 0 on, and as many of values after them. No key of a problem occurs in two
 * of its pairs.
 *
 * @throws ArgumentError for more pairs than keys
 */
export function recallProblems(
  key: RandomKey,
  { batch, pairs, vocabulary }: { readonly batch: number; readonly pairs: number; readonly vocabulary: number },
): RecallProblems {
  if (pairs > vocabulary)
    throw new ArgumentError(
      `recallProblems: ${pairs} pairs need as many different keys, but there are ${vocabulary}\n` +
        "  use a larger vocabulary or fewer pairs",
    );
  const keys = topK(uniform(key.fold(0), [batch, vocabulary]), pairs).indices;
  const values = add(randomIntegers(key.fold(1), [batch, pairs], { high: vocabulary }), vocabulary);
  const order = topK(uniform(key.fold(2), [batch, pairs]), pairs).indices;
  const told = reshape(stack([keys, values], 2), [batch, 2 * pairs]);
  return { input: concat([told, takeAlongAxis(keys, order, 1)], 1), answers: takeAlongAxis(values, order, 1) };
}
