import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { zerosLike } from "../creation.ts";
import { binary, constant, unary } from "../family.ts";
import { greater, less, where } from "./logic.ts";

/**
 * Sum, element by element: a + b.
 *
 * @example add(tensor([1, 2]), 3)  // [4, 5]
 */
export const add = binary({ name: "add", grad: (g) => [g, g], evaluate: (a, b) => a + b });

/**
 * Difference, element by element: a − b.
 *
 * @example sub(tensor([1, 2]), 3)  // [-2, -1]
 */
export const sub = binary({ name: "sub", grad: (g) => [g, neg(g)], evaluate: (a, b) => a - b, neutral: { right: 0 } });

/**
 * Product, element by element: a · b.
 *
 * @example mul(tensor([1, 2]), 3)  // [3, 6]
 */
export const mul = binary({
  name: "mul",
  grad: (g, [a, b]) => [mul(g, b!), mul(g, a!)],
  evaluate: (a, b) => a * b,
  neutral: { left: 1, right: 1 },
});

/**
 * Quotient, element by element: a / b. Integers are divided as float32, as in PyTorch.
 *
 * @example div(tensor([1, 2]), 4)  // [0.25, 0.5]
 */
export const div = binary({
  name: "div",
  accepts: "floating",
  grad: (g, [, b], y) => [div(g, b!), neg(div(mul(g, y), b!))],
  evaluate: (a, b) => a / b,
  neutral: { right: 1 },
});

/**
 * The larger of two, element by element; NaN when either is. Equal operands share the gradient.
 *
 * @example maximum(tensor([1, 5]), 3)  // [3, 5]
 */
export const maximum = binary({
  name: "maximum",
  grad: (g, [a, b]) => [mul(g, share(a!, b!)), mul(g, share(b!, a!))],
  evaluate: Math.max,
});

/**
 * The smaller of two, element by element; NaN when either is. Equal operands share the gradient.
 *
 * @example minimum(tensor([1, 5]), 3)  // [1, 3]
 */
export const minimum = binary({
  name: "minimum",
  grad: (g, [a, b]) => [mul(g, share(b!, a!)), mul(g, share(a!, b!))],
  evaluate: Math.min,
});

/** 1 where a wins over b, ½ where they tie, 0 elsewhere. */
function share(a: Tensor, b: Tensor): Tensor {
  return where(greater(a, b), constant(1, a.dtype), where(less(a, b), constant(0, a.dtype), constant(0.5, a.dtype)));
}

/**
 * Remainder of the floored division, with the sign of b: a − b ⌊a / b⌋.
 *
 * @example remainder(tensor([-1, 5]), 3)  // [2, 2]
 */
export const remainder = binary({ name: "remainder", grad: (g, [a, b]) => [g, neg(mul(g, floor(div(a!, b!))))] });

/**
 * Negation: −x.
 *
 * @example neg(tensor([1, -2]))  // [-1, 2]
 */
export const neg = unary({ name: "neg", accepts: "number", grad: (g) => [neg(g)], evaluate: (x) => -x });

/**
 * Absolute value: |x|. Its gradient at 0 is 0.
 *
 * @example abs(tensor([1, -2]))  // [1, 2]
 */
export const abs = unary({ name: "abs", accepts: "number", grad: (g, [x]) => [mul(g, sign(x!))], evaluate: Math.abs });

/**
 * Sign: −1, 0 or 1.
 *
 * @example sign(tensor([3, 0, -2]))  // [1, 0, -1]
 */
export const sign = unary({ name: "sign", accepts: "number", grad: (_g, [x]) => [zerosLike(x!)], evaluate: Math.sign });

/**
 * The largest whole number not above x.
 *
 * @example floor(tensor([1.5, -1.5]))  // [1, -2]
 */
export const floor = unary({ name: "floor", grad: (_g, [x]) => [zerosLike(x!)], evaluate: Math.floor });

/**
 * The smallest whole number not below x.
 *
 * @example ceil(tensor([1.5, -1.5]))  // [2, -1]
 */
export const ceil = unary({ name: "ceil", grad: (_g, [x]) => [zerosLike(x!)], evaluate: Math.ceil });

/**
 * The nearest whole number; halves go to the even one.
 *
 * @example round(tensor([1.5, 2.5]))  // [2, 2]
 */
export const round = unary({ name: "round", grad: (_g, [x]) => [zerosLike(x!)] });

/**
 * Square: x².
 *
 * @example square(tensor([1, -3]))  // [1, 9]
 */
export function square(x: TensorLike): Tensor {
  return mul(x, x);
}

/**
 * Square root: √x.
 *
 * @example sqrt(tensor([1, 9]))  // [1, 3]
 */
export const sqrt = unary({ name: "sqrt", grad: (g, _inputs, y) => [div(mul(g, 0.5), y)], evaluate: Math.sqrt });

/**
 * One over the square root: 1 / √x.
 *
 * @example rsqrt(tensor([1, 4]))  // [1, 0.5]
 */
export function rsqrt(x: TensorLike): Tensor {
  return div(1, sqrt(x));
}

/**
 * One over x.
 *
 * @example reciprocal(tensor([1, 4]))  // [1, 0.25]
 */
export function reciprocal(x: TensorLike): Tensor {
  return div(1, x);
}

/**
 * Keeps x within [least, most].
 *
 * @example clamp(tensor([-2, 0.5, 2]), -1, 1)  // [-1, 0.5, 1]
 */
export function clamp(x: TensorLike, least: TensorLike, most: TensorLike): Tensor {
  return minimum(maximum(x, least), most);
}

/**
 * Linear interpolation: weight · b + (1 − weight) · a.
 *
 * @example lerp(tensor([0]), tensor([10]), 0.25)  // [2.5]
 */
export function lerp(a: TensorLike, b: TensorLike, weight: TensorLike): Tensor {
  return add(mul(sub(1, weight), a), mul(weight, b));
}
