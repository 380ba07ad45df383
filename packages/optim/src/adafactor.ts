import {
  div,
  lerp,
  maximum,
  mean,
  minimum,
  mul,
  pow,
  rsqrt,
  sqrt,
  square,
  sub,
  sum,
  zeros,
  zerosLike,
  type Tensor,
} from "@ansatz/core";
import { updateRule, type UpdateResult } from "@ansatz/core/plugin";

/** √(mean x²). */
function rootMeanSquare(x: Tensor): Tensor {
  return div(sqrt(sum(square(x))), Math.sqrt(x.size));
}

/**
 * Adafactor: a matrix's mean squares are kept as their row and column means alone, in PyTorch's form. Shazeer & Stern
 * 2018, arXiv:1804.04235, Algorithm 4; Algorithm 5 for vectors and scalars, whose mean squares v are kept whole.
 *
 *   r ← β r + (1 − β) mean(g², columns)      c ← β c + (1 − β) mean(g², rows)      β = 1 − t^κ
 *   v = r c / max(mean(r), ε₁)      u = g / √max(v, ε₁²)      u ← u / max(1, RMS(u) / d)
 *   θ ← θ − max(ε₂, RMS(θ)) min(η, 1/√t) u, after θ ← (1 − η λ) θ
 *
 * κ is `decayExponent`, d `threshold`, ε₁ `epsilon`, ε₂ `scaleFloor`. More than two axes are a stack of matrices.
 *
 * ε₁ is PyTorch's, not the paper's. PyTorch bounds the mean of r by ε₁ and v by ε₁², and its ε₁ is the precision of
 * the dtype: 2⁻²³, the default here, or 2⁻⁵² for float64. Algorithm 4 has no such bounds, but adds ε₁ = 10⁻³⁰ to g²
 * before it is averaged. Where the gradients of a matrix are below √ε₁ = 3.4 · 10⁻⁴, PyTorch's v is smaller than their
 * squares, so that the length of the step is what the clipping by d leaves.
 *
 * @example new Optimizer([parameter(zeros([2, 3]))], adafactor, { learningRate: 0.01 }).rule.name  // "adafactor"
 */
export const adafactor = updateRule({
  name: "adafactor",
  spec: 1,
  hyper: { decayExponent: -0.8, epsilon: 2 ** -23, scaleFloor: 1e-3, threshold: 1, weightDecay: 0 },
  state: (θ) => {
    const { shape, dtype } = θ;
    const state =
      shape.length < 2
        ? { v: zerosLike(θ) }
        : {
            r: zeros([...shape.slice(0, -1), 1], { dtype }),
            c: zeros([...shape.slice(0, -2), 1, shape.at(-1)!], { dtype }),
          };
    return state as Readonly<Record<"r" | "c" | "v", Tensor>>;
  },
  update(context) {
    const { θ, g, step: t, learningRate: η, epsilon: ε1, scaleFloor: ε2, threshold: d, weightDecay: λ } = context;
    const share = pow(t, context.decayExponent); // 1 − β
    const { estimate, next } = θ.rank < 2 ? whole(context, share) : factored(context, share);
    const direction = mul(rsqrt(maximum(estimate, square(ε1))), g);
    const rate = mul(maximum(ε2, rootMeanSquare(θ)), minimum(η, rsqrt(t)));
    const clipped = div(rate, maximum(1, div(rootMeanSquare(direction), d)));
    return { ...next, θ: sub(mul(θ, sub(1, mul(η, λ))), mul(clipped, direction)) };
  },
});

/** The estimate of g², and the next state that it is made of. */
interface MeanSquares {
  readonly estimate: Tensor;
  readonly next: UpdateResult<"r" | "c" | "v">;
}

function whole({ g, v }: Readonly<Record<"g" | "v", Tensor>>, share: Tensor): MeanSquares {
  const estimate = lerp(v, square(g), share);
  return { estimate, next: { v: estimate } };
}

function factored(
  { g, r, c, epsilon }: Readonly<Record<"g" | "r" | "c" | "epsilon", Tensor>>,
  share: Tensor,
): MeanSquares {
  const keep = { keepDims: true };
  const nextR = lerp(r, mean(square(g), -1, keep), share);
  const nextC = lerp(c, mean(square(g), -2, keep), share);
  const estimate = mul(div(nextR, maximum(mean(nextR, -2, keep), epsilon)), nextC);
  return { estimate, next: { r: nextR, c: nextC } };
}
