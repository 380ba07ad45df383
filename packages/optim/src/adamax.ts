import { abs, add, div, maximum, mul, pow, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Adamax: Adam with the largest decayed gradient instead of the mean square, in PyTorch's form. Kingma & Ba 2014,
 * arXiv:1412.6980, Algorithm 2.
 *
 *   g ← g + λ θ      m ← β₁ m + (1 − β₁) g      u ← max(β₂ u, |g| + ε)      θ ← θ − η / (1 − β₁ᵗ) · m / u
 *
 * @example new Optimizer([parameter(zeros([2]))], adamax, { learningRate: 2e-3 }).rule.name  // "adamax"
 */
export const adamax = updateRule({
  name: "adamax",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ), u: zerosLike(θ) }),
  update({ θ, g, m, u, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const nextM = add(mul(beta1, m), mul(sub(1, beta1), slope));
    const nextU = maximum(mul(beta2, u), add(abs(slope), ε));
    return { θ: sub(θ, mul(div(η, sub(1, pow(beta1, t))), div(nextM, nextU))), m: nextM, u: nextU };
  },
});
