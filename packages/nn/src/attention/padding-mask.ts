import { iota, less, reshape, type Tensor } from "@ansatz/core";

/**
 * The mask of a batch whose sequences have different lengths: true where a key is inside its sequence.
 *
 * lengths [batch] of int32 give [batch, 1, 1, time], which broadcasts over heads and queries.
 *
 * @example paddingMask(tensor([1, 2], { dtype: "int32" }), 2).reshape([2, 2])  // [[true, false], [true, true]]
 */
export function paddingMask(lengths: Tensor, time: number): Tensor {
  return reshape(less(iota(time), reshape(lengths, [lengths.size, 1])), [lengths.size, 1, 1, time]);
}
