import { allocate, sizeOf, type TypedArray } from "../contract/dtype.ts";
import type { Tensor } from "../graph/tensor.ts";

/** The values of a tensor that needs no backend: a draw, given values, or one number everywhere. */
export function hostValue(tensor: Tensor): TypedArray | undefined {
  const { source, op, inputs } = tensor.node;
  if (source?.kind === "host") return source.produce();
  if (source?.kind === "storage") return source.storage.host?.slice();
  const filled = op.name === "broadcastTo" ? inputs[0]!.node : tensor.node;
  if (filled.op.name !== "constant") return undefined;
  const value = filled.attributes.value as number;
  const data = allocate(tensor.dtype, sizeOf(tensor.shape));
  // Zeros are there already, and memory that nobody writes to takes no room.
  return Object.is(value, 0) ? data : data.fill(value);
}
