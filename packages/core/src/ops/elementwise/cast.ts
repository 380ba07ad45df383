import type { DType } from "../../contract/dtype.ts";
import { checkDType } from "../../graph/leaf.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { castOp, castTo, toTensor, withOp } from "../family.ts";

/**
 * The same values in another dtype. Floats become integers by cutting off the fraction (NaN becomes 0, too large ones
 * the nearest); anything but 0 becomes true. Casts to integers and booleans carry no gradient.
 *
 * @throws DTypeError for an unknown dtype
 * @example cast(tensor([1.7, -1.7]), "int32")  // [1, -1]
 */
export const cast = withOp(castOp, (x: TensorLike, dtype: DType): Tensor =>
  castTo(toTensor(x), checkDType("cast", dtype)),
);
