import { DTypeError } from "../../contract/errors.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { castTo, toTensor } from "../family.ts";

/** Indices as int32. @throws DTypeError for floats */
export function indicesOf(op: string, indices: TensorLike): Tensor {
  const operand = toTensor(indices, "int32");
  if (operand.dtype === "int32") return operand;
  if (operand.dtype === "uint32") return castTo(operand, "int32");
  throw new DTypeError(
    `${op}: the indices are ${operand.dtype} but must be whole numbers\n` +
      '  make them with integers([0, 3]), or convert them: cast(x, "int32")',
  );
}
