import { defaultDType } from "../../contract/default-dtype.ts";
import { defineOp, record } from "../../graph/op.ts";
import { isFloating } from "../../contract/dtype.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { abs, add, maximum, mul, neg, square, sub } from "./arithmetic.ts";
import { castTo, constant, toTensor, unary, withOp } from "../family.ts";
import { greater, where } from "./logic.ts";
import { erf, exp, log1p, sigmoid, tanh } from "./transcendental.ts";

/**
 * Rectified linear unit: max(0, x). Its gradient at 0 is 0, as in PyTorch.
 *
 * @example relu(tensor([-1, 2]))  // [0, 2]
 */
export const relu = unary({
  name: "relu",
  accepts: "number",
  expand: ([x]) => maximum(x!, constant(0, x!.dtype)),
  grad: (g, [x]) => [mul(g, castTo(greater(x!, 0), g.dtype))],
});

/**
 * Leaky rectified linear unit: x where x > 0, slope · x elsewhere.
 *
 * @example leakyRelu(tensor([-1, 2]))  // [-0.01, 2]
 */
export function leakyRelu(x: TensorLike, options: { readonly slope?: number } = {}): Tensor {
  const operand = toTensor(x);
  return where(greater(operand, 0), operand, mul(operand, options.slope ?? 0.01));
}

/**
 * Sigmoid linear unit, or swish: x · σ(x). Elfwing, Uchibe & Doya 2017, arXiv:1702.03118.
 *
 * @example silu(tensor([0, 1]))  // [0, 0.7311]
 */
export function silu(x: TensorLike): Tensor {
  return mul(x, sigmoid(x));
}

/**
 * ln(1 + eˣ), without overflow.
 *
 * @example softplus(tensor([0, 100]))  // [0.6931, 100]
 */
export const softplus = unary({
  name: "softplus",
  expand: ([x]) => add(relu(x!), log1p(exp(neg(abs(x!))))),
  grad: (g, [x]) => [mul(g, sigmoid(x!))], // also at 0, where neither part has a slope
});

const scale = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

const geluOp = defineOp({
  name: "gelu",
  names: ["x"],
  accepts: "floating",
  shape: "... -> ...",
  elementwise: true,
  expand: ([x], { approximate }) => mul(x!, approximate === true ? tanhDistribution(x!) : normalDistribution(x!)),
  grad: (g, [x], _y, attributes) => [record(geluGradientOp, [g, x!], attributes)],
});

/** Φ(x), the distribution function of the standard normal. */
function normalDistribution(x: Tensor): Tensor {
  return mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))));
}

/** Its approximation by tanh. */
function tanhDistribution(x: Tensor): Tensor {
  return mul(0.5, add(1, tanh(mul(scale, add(x, mul(cubic, mul(x, square(x))))))));
}

const geluGradientOp = defineOp({
  name: "geluGradient",
  names: ["g", "x"],
  accepts: "floating",
  shape: "..., ... -> ...",
  elementwise: true,
  expand: (inputs, { approximate }) => {
    const [g, x] = inputs as [Tensor, Tensor];
    if (approximate !== true) {
      const density = mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, square(x))));
      return mul(g, add(normalDistribution(x), mul(x, density)));
    }
    const t = tanh(mul(scale, add(x, mul(cubic, mul(x, square(x))))));
    const slope = mul(scale, add(1, mul(3 * cubic, square(x))));
    return mul(g, mul(0.5, add(add(1, t), mul(mul(x, sub(1, square(t))), slope))));
  },
});

/**
 * Gaussian error linear unit: x Φ(x), with Φ the normal distribution; `approximate` takes its tanh form. Hendrycks &
 * Gimpel 2016, arXiv:1606.08415.
 *
 * @example gelu(tensor([0, 1]))  // [0, 0.8413]
 */
export const gelu = withOp(geluOp, (x: TensorLike, options: { readonly approximate?: boolean } = {}): Tensor => {
  const operand = toTensor(x);
  return record(geluOp, [isFloating(operand.dtype) ? operand : castTo(operand, defaultDType())], {
    approximate: options.approximate ?? false,
  });
});

/** g · gelu′(x), for conformance suites: it is what `gelu` differentiates to. */
export const geluGradient = withOp(
  geluGradientOp,
  (g: TensorLike, x: TensorLike, options: { readonly approximate?: boolean } = {}): Tensor =>
    record(geluGradientOp, [toTensor(g), toTensor(x)], { approximate: options.approximate ?? false }),
);

/**
 * Exponential linear unit: x where x > 0, α (eˣ − 1) elsewhere. Clevert, Unterthiner & Hochreiter 2015,
 * arXiv:1511.07289.
 *
 * @example elu(tensor([-1, 2]))  // [-0.6321, 2]
 */
export function elu(x: TensorLike, options: { readonly alpha?: number } = {}): Tensor {
  const operand = toTensor(x);
  const positive = greater(operand, 0);
  // What is positive is kept out of the exponential, and out of its gradient.
  return where(
    positive,
    operand,
    mul(options.alpha ?? 1, sub(exp(where(positive, constant(0, operand.dtype), operand)), 1)),
  );
}
