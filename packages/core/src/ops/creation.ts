import { isFloating, type DType, type Shape } from "../contract/dtype.ts";
import { ArgumentError } from "../contract/errors.ts";
import { checkDType } from "../graph/leaf.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import { checkInteger, checkShape } from "../contract/shape.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import { add, mul } from "./elementwise/arithmetic.ts";
import { castTo, constant, toTensor, withOp } from "./family.ts";
import { broadcastTo } from "./layout/axes.ts";
import { equal } from "./elementwise/logic.ts";

export interface CreationOptions {
  /** float32 unless named. */
  readonly dtype?: DType;
}

/**
 * One number everywhere.
 *
 * @example full([2, 2], 7)  // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number, options: CreationOptions = {}): Tensor {
  return broadcastTo(constant(value, checkDType("full", options.dtype ?? "float32")), checkShape("full", shape));
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

const iotaOp: OpDefinition = {
  name: "iota",
  infer: (_inputs, { length, to }) => ({ shape: [length as number], dtype: to as DType }),
};

/**
 * 0, 1, … length − 1.
 *
 * @example iota(3)  // [0, 1, 2]
 */
export const iota = withOp(iotaOp, (length: number, options: CreationOptions = {}): Tensor => {
  const dtype = checkDType("iota", options.dtype ?? "int32");
  checkInteger("iota: the length", length, 0);
  const whole = isFloating(dtype) || dtype === "int32";
  return whole ? record(iotaOp, [], { length, to: dtype }) : castTo(record(iotaOp, [], { length, to: "int32" }), dtype);
});

/**
 * Evenly spaced numbers from `start` up to and without `end`.
 *
 * @example arange(1, 7, 2)  // [1, 3, 5]
 */
export function arange(start: number, end: number, step = 1, options: CreationOptions = {}): Tensor {
  if (!(step !== 0 && Number.isFinite(step)))
    throw new ArgumentError(`arange: the step is ${step}\n  use a number that is not 0`);
  const integral = [start, step].every(Number.isInteger);
  const dtype = options.dtype ?? (integral ? "int32" : "float32");
  const length = Math.max(0, Math.ceil((end - start) / step));
  return add(mul(iota(length, { dtype }), step), start);
}

/**
 * The identity matrix.
 *
 * @example eye(2)  // [[1, 0], [0, 1]]
 */
export function eye(size: number, options: CreationOptions = {}): Tensor {
  const positions = iota(size);
  return castTo(equal(positions.reshape([size, 1]), positions), options.dtype ?? "float32");
}
