import { defaultDType } from "../contract/default-dtype.ts";
import type { DType, Shape } from "../contract/dtype.ts";
import { checkDType } from "../graph/leaf.ts";
import { checkShape } from "../contract/shape.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { constant, toTensor } from "./family.ts";
import { broadcastTo } from "./layout/movement.ts";

export interface CreationOptions {
  /** Default: float32, or the dtype of `withDType`. */
  readonly dtype?: DType;
}

/**
 * One number everywhere.
 *
 * @example full([2, 2], 7)  // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  return broadcastTo(constant(value, checkDType("full", options.dtype ?? defaultDType())), checkShape("full", shape));
}

/**
 * Zeros.
 *
 * @example zeros([2])  // [0, 0]
 */
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 0, options);
}

/**
 * Ones.
 *
 * @example ones([2])  // [1, 1]
 */
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * Zeros in the shape and dtype of x.
 *
 * @example zerosLike(tensor([3, 4]))  // [0, 0]
 */
export function zerosLike(x: TensorLike): Tensor {
  const { shape, dtype } = toTensor(x);
  return full(shape, 0, { dtype });
}

/**
 * Ones in the shape and dtype of x.
 *
 * @example onesLike(tensor([3, 4]))  // [1, 1]
 */
export function onesLike(x: TensorLike): Tensor {
  const { shape, dtype } = toTensor(x);
  return full(shape, 1, { dtype });
}
