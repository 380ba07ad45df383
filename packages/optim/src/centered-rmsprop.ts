import { add, div, lerp, maximum, mul, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * RMSProp, centered: the gradient divided by its running standard deviation, in PyTorch's form (`centered=True`).
 * Graves 2013, arXiv:1308.0850, Section 4.2.
 *
 *   g ← g + λ θ      v ← α v + (1 − α) g²      a ← α a + (1 − α) g      m ← μ m + g / (√(v − a²) + ε)      θ ← θ − η m
 *
 * Graves adds ε inside the root.
 *
 * @example new Optimizer([parameter(zeros([2]))], centeredRmsprop, { learningRate: 0.01 }).rule.hyper.alpha  // 0.99
 */
export const centeredRmsprop = updateRule({
  name: "centered-rmsprop",
  spec: 1,
  hyper: { alpha: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
  state: (θ) => ({ v: zerosLike(θ), a: zerosLike(θ), m: zerosLike(θ) }),
  update({ θ, g, v, a, m, learningRate: η, alpha: α, epsilon: ε, momentum: μ, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const nextV = add(mul(α, v), mul(sub(1, α), square(slope)));
    const nextA = lerp(slope, a, α);
    const variance = maximum(sub(nextV, square(nextA)), 0); // rounding may take it below 0
    const nextM = add(mul(μ, m), div(slope, add(sqrt(variance), ε)));
    return { θ: sub(θ, mul(η, nextM)), v: nextV, a: nextA, m: nextM };
  },
});
