import { add, div, mul, pow, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Adam, with L2 decay added to the gradient. Kingma & Ba 2014, arXiv:1412.6980, Algorithm 1.
 *
 *   g ← g + λ θ      m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − η m̂ / (√v̂ + ε)    with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
 *
 * For weight decay, prefer `adamw`, which decays the weights themselves.
 *
 * @example new Optimizer([parameter(zeros([2]))], adam, { learningRate: 1e-3 }).rule.name  // "adam"
 */
export const adam = updateRule({
  name: "adam",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ), v: zerosLike(θ) }),
  update({ θ, g, m, v, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const nextM = add(mul(beta1, m), mul(sub(1, beta1), slope));
    const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(slope)));
    const stepSize = div(η, sub(1, pow(beta1, t))); // η / (1 − β₁ᵗ)
    const deviation = sqrt(sub(1, pow(beta2, t))); // √(1 − β₂ᵗ)
    return { θ: sub(θ, mul(stepSize, div(nextM, add(div(sqrt(nextV), deviation), ε)))), m: nextM, v: nextV };
  },
});
