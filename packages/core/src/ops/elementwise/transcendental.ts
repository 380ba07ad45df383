import type { Tensor } from "../../graph/tensor.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { binary, unary } from "../family.ts";
import { equal, where } from "./logic.ts";

/**
 * Exponential: eˣ.
 *
 * @example exp(tensor([0, 1]))  // [1, 2.7183]
 */
export const exp = unary({ name: "exp", grad: (g, _inputs, y) => [mul(g, y)], evaluate: Math.exp });

/**
 * Natural logarithm: ln x.
 *
 * @example log(tensor([1, 10]))  // [0, 2.3026]
 */
export const log = unary({ name: "log", grad: (g, [x]) => [div(g, x!)], evaluate: Math.log });

/**
 * eˣ − 1, exact for small x (Kahan's formula).
 *
 * @example expm1(tensor([0, 1]))  // [0, 1.7183]
 */
export const expm1 = unary({
  name: "expm1",
  grad: (g, _inputs, y) => [mul(g, add(y, 1))],
  expand: ([x]) => {
    const u = exp(x!);
    const below = sub(u, 1);
    const plain = where(equal(below, -1), -1, mul(below, div(x!, log(u))));
    return where(equal(u, 1), x!, where(equal(u, Infinity), u, plain));
  },
});

/**
 * ln(1 + x), exact for small x (Kahan's formula).
 *
 * @example log1p(tensor([0, 1]))  // [0, 0.6931]
 */
export const log1p = unary({
  name: "log1p",
  grad: (g, [x]) => [div(g, add(x!, 1))],
  expand: ([x]) => {
    const u = add(x!, 1);
    const plain = mul(log(u), div(x!, sub(u, 1)));
    return where(equal(u, 1), x!, where(equal(u, Infinity), u, plain));
  },
});

/**
 * Power, element by element: aᵇ.
 *
 * @example pow(tensor([1, 2, 3]), 2)  // [1, 4, 9]
 */
export const pow = binary({
  name: "pow",
  accepts: "floating",
  grad: (g, [a, b], y) => [
    mul(g, where(equal(b!, 0), 0, mul(b!, pow(a!, sub(b!, 1))))),
    // log a does not exist at a = 0, where the slope in b is 0.
    mul(g, where(equal(y, 0), 0, mul(y, log(where(equal(y, 0), 1, a!))))),
  ],
  evaluate: (a, b) => a ** b,
  neutral: { right: 1 },
});

/**
 * Sine of an angle in radians.
 *
 * @example sin(tensor([0, 1]))  // [0, 0.8415]
 */
export const sin = unary({ name: "sin", grad: (g, [x]) => [mul(g, cos(x!))], evaluate: Math.sin });

/**
 * Cosine of an angle in radians.
 *
 * @example cos(tensor([0, 1]))  // [1, 0.5403]
 */
export const cos = unary({ name: "cos", grad: (g, [x]) => [neg(mul(g, sin(x!)))], evaluate: Math.cos });

/**
 * Hyperbolic tangent: (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
 *
 * @example tanh(tensor([0, 1]))  // [0, 0.7616]
 */
export const tanh = unary({ name: "tanh", grad: (g, _inputs, y) => [mul(g, sub(1, square(y)))], evaluate: Math.tanh });

/**
 * Error function: 2/√π ∫₀ˣ e^(−t²) dt.
 *
 * @example erf(tensor([0, 1]))  // [0, 0.8427]
 */
export const erf = unary({
  name: "erf",
  grad: (g, [x]) => [mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x!)))))],
});

/**
 * Logistic function: 1 / (1 + e⁻ˣ).
 *
 * @example sigmoid(tensor([0, 1]))  // [0.5, 0.7311]
 */
export const sigmoid = unary({ name: "sigmoid", grad: (g, _inputs, y): Tensor[] => [mul(g, mul(y, sub(1, y)))] });
