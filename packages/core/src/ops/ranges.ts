import { defaultDType } from "../contract/default-dtype.ts";
import { isFloating, type DType } from "../contract/dtype.ts";
import { ArgumentError } from "../contract/errors.ts";
import { checkInteger } from "../contract/shape.ts";
import { checkDType } from "../graph/leaf.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { CreationOptions } from "./creation.ts";
import { add, mul } from "./elementwise/arithmetic.ts";
import { equal, greaterEqual } from "./elementwise/logic.ts";
import { castTo, withOp } from "./family.ts";
import { expandDims, reshape } from "./layout/movement.ts";

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
  const dtype = options.dtype ?? (integral ? "int32" : defaultDType());
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
  return castTo(equal(reshape(positions, [size, 1]), positions), options.dtype ?? defaultDType());
}

/**
 * True where row ≥ column: what each position may attend to when it must not look ahead.
 *
 * @example causalMask(2)  // [[true, false], [true, true]]
 */
export function causalMask(length: number): Tensor {
  const positions = iota(length);
  return greaterEqual(expandDims(positions, 1), positions);
}
