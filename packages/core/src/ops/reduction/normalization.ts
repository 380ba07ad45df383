import { defaultDType } from "../../contract/default-dtype.ts";
import { isFloating } from "../../contract/dtype.ts";
import { defineOp, record, type OpDefinition } from "../../graph/op.ts";
import { normalizeAxis, sameShape, showShape } from "../../contract/shape.ts";
import { ShapeError } from "../../contract/errors.ts";
import { part } from "../../graph/part.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, div, mul, neg, rsqrt, square, sub } from "../elementwise/arithmetic.ts";
import { castTo, toTensor, withOp } from "../family.ts";
import { logSumExp, max, mean, sum } from "./reduction.ts";
import { exp } from "../elementwise/transcendental.ts";

const keep = { keepDims: true } as const;

function floating(x: TensorLike): Tensor {
  const operand = toTensor(x);
  return isFloating(operand.dtype) ? operand : castTo(operand, defaultDType());
}

const softmaxOp = defineOp({
  name: "softmax",
  names: ["x"],
  accepts: "floating",
  shape: "... -> ...",
  expand: ([x], attributes) => {
    const axis = attributes.axis as number;
    const e = exp(sub(x!, max(x!, axis, keep)));
    return div(e, sum(e, axis, keep));
  },
  grad: (g, _inputs, y, attributes) => {
    const gy = mul(g, y);
    return [sub(gy, mul(y, sum(gy, attributes.axis as number, keep)))];
  },
});

/**
 * Softmax along an axis: yᵢ = e^xᵢ / Σⱼ e^xⱼ.
 *
 * @example softmax(tensor([0, 0]))  // [0.5, 0.5]
 */
export const softmax = withOp(softmaxOp, (x: TensorLike, axis = -1): Tensor => {
  const operand = floating(x);
  return record(softmaxOp, [operand], { axis: normalizeAxis("softmax", axis, operand.rank) });
});

const logSoftmaxOp = defineOp({
  name: "logSoftmax",
  names: ["x"],
  accepts: "floating",
  shape: "... -> ...",
  expand: ([x], { axis }) => sub(x!, logSumExp(x!, axis as number, keep)),
  grad: (g, _inputs, y, { axis }) => [sub(g, mul(exp(y), sum(g, axis as number, keep)))],
});

/**
 * The logarithm of softmax along an axis: yᵢ = xᵢ − ln Σⱼ e^xⱼ.
 *
 * @example logSoftmax(tensor([0, 0]))  // [-0.6931, -0.6931]
 */
export const logSoftmax = withOp(logSoftmaxOp, (x: TensorLike, axis = -1): Tensor => {
  const operand = floating(x);
  return record(logSoftmaxOp, [operand], { axis: normalizeAxis("logSoftmax", axis, operand.rank) });
});

const layerNormOp: OpDefinition = {
  name: "layerNorm",
  infer: (inputs) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor];
    const features = [x.shape.at(-1) ?? 0];
    if (x.rank === 0 || !sameShape(weight.shape, features) || !sameShape(bias.shape, features)) {
      throw new ShapeError(
        `layerNorm: "features" differs\n  x:      ${showShape(x.shape)}  (... features)\n` +
          `  weight: ${showShape(weight.shape)}  (features)\n` +
          `  bias:   ${showShape(bias.shape)}  (features)`,
      );
    }
    const row = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
    return [{ shape: x.shape, dtype: x.dtype }, row, row];
  },
  expand: ([x, weight, bias], { epsilon }) => {
    const centre = mean(x!, -1, keep);
    const centred = sub(x!, centre);
    const inverseDeviation = rsqrt(add(mean(square(centred), -1, keep), epsilon as number));
    return [add(mul(mul(centred, inverseDeviation), weight!), bias!), centre, inverseDeviation];
  },
  partsGradient: ([g, gMean, gInverse], [x, weight], y) => {
    const centre = part(y, 1);
    const inverse = part(y, 2);
    const centred = sub(x!, centre);
    const normal = mul(centred, inverse);
    const terms: Tensor[] = [];
    if (g !== undefined) {
      const gNormal = mul(g, weight!);
      terms.push(
        mul(inverse, sub(sub(gNormal, mean(gNormal, -1, keep)), mul(normal, mean(mul(gNormal, normal), -1, keep)))),
      );
    }
    const share = 1 / x!.shape.at(-1)!;
    if (gMean !== undefined) terms.push(mul(gMean, share));
    if (gInverse !== undefined) terms.push(neg(mul(mul(gInverse, mul(square(inverse), inverse)), mul(centred, share))));
    return [terms.length === 0 ? undefined : terms.reduce((a, b) => add(a, b)), g && mul(g, normal), g];
  },
};

/**
 * Layer normalisation over the last axis: y = (x − mean) / √(variance + ε) ⊙ weight + bias. Ba, Kiros & Hinton 2016,
 * arXiv:1607.06450.
 *
 * @throws ShapeError when weight or bias differ from the last axis
 * @example layerNorm(tensor([1, 3]), ones([2]), zeros([2]), { epsilon: 0 })  // [-1, 1]
 */
export const layerNorm = withOp(
  layerNormOp,
  (x: TensorLike, weight: TensorLike, bias: TensorLike, options: { readonly epsilon?: number } = {}): Tensor =>
    part(record(layerNormOp, [floating(x), toTensor(weight), toTensor(bias)], { epsilon: options.epsilon ?? 1e-5 }), 0),
);

/**
 * Root-mean-square normalisation over the last axis: y = x / √(mean(x²) + ε). Zhang & Sennrich 2019, arXiv:1910.07467.
 *
 * ε is by default the distance from 1 to the next number of the dtype, as in PyTorch: 2⁻²³ in float32, 2⁻⁵² in float64.
 *
 * @example rmsNormalize(tensor([3, 3]), { epsilon: 0 })  // [1, 1]
 */
export function rmsNormalize(x: TensorLike, options: { readonly epsilon?: number } = {}): Tensor {
  const operand = floating(x);
  const { epsilon = operand.dtype === "float64" ? 2 ** -52 : 2 ** -23 } = options;
  return mul(operand, rsqrt(add(mean(square(operand), -1, keep), epsilon)));
}
