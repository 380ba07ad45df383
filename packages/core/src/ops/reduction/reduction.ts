import { defaultDType } from "../../contract/default-dtype.ts";
import { isFloating, sizeOf, type DType } from "../../contract/dtype.ts";
import { ShapeError } from "../../contract/errors.ts";
import { defineOp, record, type GradientRule, type OpDefinition } from "../../graph/op.ts";
import { normalizeAxes, normalizeAxis, reducedShape, showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, div, mul, sqrt, square, sub } from "../elementwise/arithmetic.ts";
import { full } from "../creation.ts";
import { eye } from "../ranges.ts";
import { castTo, constant, toTensor, withOp, type OpFunction } from "../family.ts";
import { broadcastTo, reshape, transpose } from "../layout/movement.ts";
import { equal, where } from "../elementwise/logic.ts";
import { exp, log } from "../elementwise/transcendental.ts";

export interface ReductionOptions {
  /** Keeps the reduced axes, with length 1. */
  readonly keepDims?: boolean;
}

type Axes = number | readonly number[];
type Reduction = OpFunction<(x: TensorLike, axes?: Axes, options?: ReductionOptions) => Tensor>;

/** A result or its gradient with the reduced axes back in place, length 1. */
function withAxes(y: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(y, reducedShape(x.shape, axes, true));
}

function reduction(name: string, empty: number | undefined, grad: GradientRule): Reduction {
  const op: OpDefinition = defineOp({
    name,
    names: ["x"],
    shape: ([x], { axes, keepDims }) => reducedShape(x!.shape, axes as readonly number[], keepDims as boolean),
    grad,
    // A sum of one number moves no data.
    simplify: ([x], { axes, keepDims }) =>
      (axes as readonly number[]).every((axis) => x!.shape[axis] === 1)
        ? reshape(x!, reducedShape(x!.shape, axes as readonly number[], keepDims as boolean))
        : undefined,
    whenEmpty: ([x], _attributes, { shape, dtype }) => {
      if (empty === undefined)
        throw new ShapeError(`${name}: an empty tensor has no ${name}\n  x: ${showShape(x!.shape)}`);
      return full(shape, empty, { dtype });
    },
  });
  return withOp(op, (x, axes, options = {}) => {
    const operand = toTensor(x);
    const number = operand.dtype === "bool" ? castTo(operand, "int32") : operand;
    return record(op, [number], { axes: normalizeAxes(name, axes, operand.rank), keepDims: options.keepDims ?? false });
  });
}

/**
 * Sum over axes, or over all of them. Booleans are counted as int32.
 *
 * @example sum(tensor([[1, 2], [3, 4]]), 0)  // [4, 6]
 */
export const sum = reduction("sum", 0, (g, [x], _y, { axes }) => [
  broadcastTo(withAxes(g, x!, axes as readonly number[]), x!.shape),
]);

/**
 * Product over axes, or over all of them. The gradient is right where elements are 0, too.
 *
 * @example prod(tensor([2, 3, 4]))  // 24
 */
export const prod = reduction("prod", 1, (g, [x], _y, { axes }) => [
  mul(withAxes(g, x!, axes as readonly number[]), productOfOthers(x!, axes as readonly number[])),
]);

/** For each element, the product of all others in its group. It never divides, so zeros are safe. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const kept = Array.from({ length: x.rank }, (_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const moved = transpose(x, order);
  const groups = kept.map((axis) => x.shape[axis]!);
  const count = sizeOf(axes.map((axis) => x.shape[axis]!));
  const rows = reshape(moved, [...groups, 1, count]);
  const others = prod(where(eye(count, { dtype: "bool" }), constant(1, x.dtype), rows), -1);
  return transpose(
    reshape(others, moved.shape),
    order.map((_, i) => order.indexOf(i)),
  );
}

/** The gradient of an extremum: ties share it. */
const extremumGradient: GradientRule = (g, [x], y, { axes }) => {
  const reduced = axes as readonly number[];
  const hits = castTo(equal(x!, withAxes(y, x!, reduced)), x!.dtype);
  return [mul(withAxes(g, x!, reduced), div(hits, sum(hits, reduced, { keepDims: true })))];
};

/**
 * The largest element over axes, or of all; NaN when any is NaN. Ties share the gradient.
 *
 * @throws ShapeError over no elements
 * @example max(tensor([[1, 2], [3, 4]]), 1)  // [2, 4]
 */
export const max = reduction("max", undefined, extremumGradient);

/**
 * The smallest element over axes, or of all; NaN when any is NaN. Ties share the gradient.
 *
 * @throws ShapeError over no elements
 * @example min(tensor([[1, 2], [3, 4]]), 1)  // [1, 3]
 */
export const min = reduction("min", undefined, extremumGradient);

function argument(name: string): OpFunction<(x: TensorLike, axis?: number, options?: ReductionOptions) => Tensor> {
  const op = defineOp({
    name,
    names: ["x"],
    dtype: "int32",
    shape: ([x], { axis, keepDims }) => reducedShape(x!.shape, [axis as number], keepDims as boolean),
    whenEmpty: ([x]) => {
      throw new ShapeError(`${name}: an empty tensor has no ${name}\n  x: ${showShape(x!.shape)}`);
    },
  });
  return withOp(op, (x, axis = -1, options = {}) => {
    const operand = toTensor(x);
    const number = operand.dtype === "bool" ? castTo(operand, "int32") : operand;
    return record(op, [number], { axis: normalizeAxis(name, axis, operand.rank), keepDims: options.keepDims ?? false });
  });
}

/**
 * The position of the largest element along an axis, as int32: the first of equals. It carries no gradient.
 *
 * @example argmax(tensor([[1, 5], [7, 2]]))  // [1, 0]
 */
export const argmax = argument("argmax");

/**
 * The position of the smallest element along an axis, as int32: the first of equals. It carries no gradient.
 *
 * @example argmin(tensor([[1, 5], [7, 2]]))  // [0, 1]
 */
export const argmin = argument("argmin");

/**
 * Arithmetic mean over axes, or of all elements; integers as float32.
 *
 * @example mean(tensor([1, 2, 6]))  // 3
 */
export function mean(x: TensorLike, axes?: Axes, options: ReductionOptions = {}): Tensor {
  const operand = floating(x);
  const reduced = normalizeAxes("mean", axes, operand.rank);
  return mul(sum(operand, reduced, options), 1 / sizeOf(reduced.map((axis) => operand.shape[axis]!)));
}

/**
 * Variance over axes, or of all elements: mean((x − mean(x))²) · n / (n − correction).
 *
 * `correction` defaults to 1, as in PyTorch: the unbiased estimate.
 *
 * @example variance(tensor([1, 2, 6]))  // 7
 */
export function variance(
  x: TensorLike,
  axes?: Axes,
  options: ReductionOptions & { readonly correction?: number } = {},
): Tensor {
  const operand = floating(x);
  const reduced = normalizeAxes("variance", axes, operand.rank);
  const count = sizeOf(reduced.map((axis) => operand.shape[axis]!));
  const centred = sub(operand, mean(operand, reduced, { keepDims: true }));
  return mul(sum(square(centred), reduced, options), 1 / Math.max(0, count - (options.correction ?? 1)));
}

/**
 * Euclidean length over axes, or of all elements: √Σx².
 *
 * @example norm(tensor([3, 4]))  // 5
 */
export function norm(x: TensorLike, axes?: Axes, options: ReductionOptions = {}): Tensor {
  return sqrt(sum(square(floating(x)), axes, options));
}

const logSumExpOp = defineOp({
  name: "logSumExp",
  names: ["x"],
  accepts: "floating",
  shape: ([x], { axes, keepDims }) => reducedShape(x!.shape, axes as readonly number[], keepDims as boolean),
  expand: ([x], { axes, keepDims }) => {
    const reduced = axes as readonly number[];
    const largest = max(x!, reduced, { keepDims: true });
    const finite = where(equal(sub(largest, largest), 0), largest, constant(0, x!.dtype));
    const result = add(log(sum(exp(sub(x!, finite)), reduced, { keepDims: true })), finite);
    return reshape(result, reducedShape(x!.shape, reduced, keepDims as boolean));
  },
  grad: (g, [x], y, { axes }) => {
    const reduced = axes as readonly number[];
    return [mul(withAxes(g, x!, reduced), exp(sub(x!, withAxes(y, x!, reduced))))];
  },
  whenEmpty: (_inputs, _attributes, { shape, dtype }) => full(shape, -Infinity, { dtype }),
});

/**
 * ln Σ eˣ over axes, or of all elements, without overflow. Its gradient is a softmax. Of no elements it is −∞.
 *
 * @example logSumExp(tensor([1000, 1000]))  // 1000.6931
 */
export const logSumExp = withOp(logSumExpOp, (x: TensorLike, axes?: Axes, options: ReductionOptions = {}): Tensor => {
  const operand = floating(x);
  const attributes = { axes: normalizeAxes("logSumExp", axes, operand.rank), keepDims: options.keepDims ?? false };
  return record(logSumExpOp, [operand], attributes);
});

/**
 * Whether any element is true, over axes or of all.
 *
 * @example any(tensor([false, true]))  // true
 */
export function any(x: TensorLike, axes?: Axes, options: ReductionOptions = {}): Tensor {
  const operand = toTensor(x);
  return operand.size === 0
    ? castTo(sum(castTo(operand, "int32"), axes, options), "bool")
    : castTo(max(castTo(operand, "int32"), axes, options), "bool");
}

/**
 * Whether all elements are true, over axes or of all.
 *
 * @example all(tensor([false, true]))  // false
 */
export function all(x: TensorLike, axes?: Axes, options: ReductionOptions = {}): Tensor {
  const operand = toTensor(x);
  return operand.size === 0
    ? equal(sum(castTo(operand, "int32"), axes, options), 0)
    : castTo(min(castTo(operand, "int32"), axes, options), "bool");
}

function floating(x: TensorLike): Tensor {
  const operand = toTensor(x);
  const dtype: DType = isFloating(operand.dtype) ? operand.dtype : defaultDType();
  return castTo(operand, dtype);
}
