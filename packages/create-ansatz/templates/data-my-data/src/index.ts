import { sort, uniform, type RandomKey, type Tensor } from "@ansatz/core";

/** Numbers, and the order that sorts them. */
export interface Problems {
  readonly input: Tensor; // [batch, length]
  readonly order: Tensor; // [batch, length] of int32
}

/**
 * Problems for a network that learns to sort. Describe your own data here, and where they come from.
 *
 * They depend on the key alone, so a resumed run sees the same problems as an uninterrupted one.
 */
export function myData(
  key: RandomKey,
  { batch, length }: { readonly batch: number; readonly length: number },
): Problems {
  const input = uniform(key, [batch, length]);
  return { input, order: sort(input).indices };
}
