import {
  div,
  lerp,
  maximum,
  mean,
  minimum,
  mul,
  pow,
  reshape,
  rsqrt,
  sqrt,
  square,
  sub,
  sum,
  zeros,
  type Shape,
  type Tensor,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/** A vector counts as a matrix with one column. Its mean squares factor exactly. */
function matrixShape(shape: Shape): Shape {
  return shape.length > 1 ? shape : [shape[0] ?? 1, 1];
}

/** √(mean x²). */
function rootMeanSquare(x: Tensor): Tensor {
  return div(sqrt(sum(square(x))), Math.sqrt(x.size));
}

/**
 * Adafactor: a matrix's mean squares are kept as their row and column means alone, in PyTorch's form. Shazeer & Stern
 * 2018, arXiv:1804.04235, Algorithm 4; its memory is that of one row and one column.
 *
 *   r ← β r + (1 − β) mean(g², columns)      c ← β c + (1 − β) mean(g², rows)      β = 1 − t^κ
 *   v̂ = r c / mean(r)      u = g / √max(v̂, ε₁²)      u ← u / max(1, RMS(u) / d)
 *   θ ← θ − max(ε₂, RMS(θ)) min(η, 1/√t) u, after θ ← (1 − η λ) θ
 *
 * κ is `decayExponent`, d `threshold`, ε₁ `epsilon`, ε₂ `scaleFloor`.
 *
 * @example new Optimizer([parameter(zeros([2, 3]))], adafactor, { learningRate: 0.01 }).rule.name  // "adafactor"
 */
export const adafactor = updateRule({
  name: "adafactor",
  spec: 1,
  hyper: { decayExponent: -0.8, epsilon: 2 ** -23, scaleFloor: 1e-3, threshold: 1, weightDecay: 0 },
  state: (θ) => {
    const shape = matrixShape(θ.shape);
    return { r: zeros([...shape.slice(0, -1), 1]), c: zeros([...shape.slice(0, -2), 1, shape.at(-1)!]) };
  },
  update({
    θ,
    g,
    r,
    c,
    step: t,
    learningRate: η,
    decayExponent: κ,
    epsilon: ε1,
    scaleFloor: ε2,
    threshold: d,
    weightDecay: λ,
  }) {
    const keep = { keepDims: true };
    const shape = matrixShape(θ.shape);
    const squares = square(reshape(g, shape));
    const share = pow(t, κ); // 1 − β
    const nextR = lerp(r, mean(squares, -1, keep), share);
    const nextC = lerp(c, mean(squares, -2, keep), share);
    const estimate = div(mul(nextR, nextC), maximum(mean(nextR, -2, keep), ε1));
    const direction = mul(reshape(rsqrt(maximum(estimate, square(ε1))), θ.shape), g);
    const rate = mul(maximum(ε2, rootMeanSquare(θ)), minimum(η, rsqrt(t)));
    const clipped = div(rate, maximum(1, div(rootMeanSquare(direction), d)));
    return { θ: sub(mul(θ, sub(1, mul(η, λ))), mul(clipped, direction)), r: nextR, c: nextC };
  },
});
