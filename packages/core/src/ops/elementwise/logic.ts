import { defineOp, record } from "../../graph/op.ts";
import { broadcastShapes, showShape } from "../../contract/shape.ts";
import { ShapeError } from "../../contract/errors.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { binary, constant, constantValue, operands, toTensor, unary, withOp, type OpFunction } from "../family.ts";

type Comparison = OpFunction<(a: TensorLike, b: TensorLike) => Tensor>;

const comparison = (name: string): Comparison =>
  binary({ name, accepts: name === "equal" || name === "notEqual" ? "any" : "number", dtype: "bool" });

/**
 * Where a = b.
 *
 * @example equal(tensor([1, 2]), 2)  // [false, true]
 */
export const equal = comparison("equal");

/**
 * Where a ≠ b. NaN differs from everything, itself included.
 *
 * @example notEqual(tensor([1, 2]), 2)  // [true, false]
 */
export const notEqual = comparison("notEqual");

/**
 * Where a < b.
 *
 * @example less(tensor([1, 2]), 2)  // [true, false]
 */
export const less = comparison("less");

/**
 * Where a ≤ b.
 *
 * @example lessEqual(tensor([1, 2, 3]), 2)  // [true, true, false]
 */
export const lessEqual = comparison("lessEqual");

/**
 * Where a > b.
 *
 * @example greater(tensor([1, 2, 3]), 2)  // [false, false, true]
 */
export const greater = comparison("greater");

/**
 * Where a ≥ b.
 *
 * @example greaterEqual(tensor([1, 2, 3]), 2)  // [false, true, true]
 */
export const greaterEqual = comparison("greaterEqual");

/**
 * Both true.
 *
 * @example and(tensor([true, true]), tensor([true, false]))  // [true, false]
 */
export const and = binary({ name: "and", accepts: "bool" });

/**
 * Either true, or both.
 *
 * @example or(tensor([true, false]), tensor([false, false]))  // [true, false]
 */
export const or = binary({ name: "or", accepts: "bool" });

/**
 * Just one true.
 *
 * @example xor(tensor([true, true]), tensor([true, false]))  // [false, true]
 */
export const xor = binary({ name: "xor", accepts: "bool" });

/**
 * The opposite truth value.
 *
 * @example not(tensor([true, false]))  // [false, true]
 */
export const not = unary({
  name: "not",
  accepts: "bool",
  simplify: ([x]) => (x!.node.op.name === "not" ? x!.node.inputs[0] : undefined),
});

/**
 * Where x is not a number.
 *
 * @example isNaN(tensor([1, NaN]))  // [false, true]
 */
export function isNaN(x: TensorLike): Tensor {
  const operand = toTensor(x);
  return notEqual(operand, operand);
}

const whereOp = defineOp({
  name: "where",
  names: ["condition", "a", "b"],
  accepts: ["bool", "any", "any"],
  dtype: ([, a]) => a!.dtype,
  elementwise: true,
  shape: ([condition, a, b]) => {
    const branches = broadcastShapes(a!.shape, b!.shape);
    const shape = branches && broadcastShapes(condition!.shape, branches);
    if (shape === undefined) {
      throw new ShapeError(
        `where: the shapes do not broadcast\n  condition: ${showShape(condition!.shape)}\n` +
          `  a:         ${showShape(a!.shape)}\n  b:         ${showShape(b!.shape)}`,
      );
    }
    return shape;
  },
  grad: (g, [condition, a, b]) => {
    const zero = constant(0, g.dtype);
    return [undefined, a && where(condition!, g, zero), b && where(condition!, zero, g)];
  },
});

/**
 * Picks from `a` where the condition holds and from `b` elsewhere; all three broadcast.
 *
 * The gradient goes to the side that was picked.
 *
 * @throws DTypeError when the condition is not bool
 * @example where(tensor([true, false]), tensor([1, 2]), 0)  // [1, 0]
 */
export const where = withOp(whereOp, (condition: TensorLike, a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = operands("where", a, b);
  const test = toTensor(condition, "bool");
  const known = constantValue(test);
  if (known !== undefined && x.shape.length === 0 && y.shape.length === 0) return known === 0 ? y : x;
  return record(whereOp, [test, x, y]);
});
