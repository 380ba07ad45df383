import { sizeOf } from "../contract/dtype.ts";
import type { Tensor } from "./tensor.ts";

/** The tensor that another stands for: aliases exist for the gradient's sake only. */
export function unalias(tensor: Tensor): Tensor {
  let resolved = tensor;
  while (resolved.node.op.alias === true) resolved = resolved.node.inputs[0]!;
  return resolved;
}

/** Whether a tensor has no elements: it is never computed. */
export function isEmpty(tensor: Tensor): boolean {
  return sizeOf(tensor.shape) === 0;
}
