import { add, div, mul, pow, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * AdamW: Adam with decoupled weight decay. Loshchilov & Hutter 2017, arXiv:1711.05101, Algorithm 2.
 *
 *   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − η λ θ − η m̂ / (√v̂ + ε)    with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
 *
 * As in PyTorch, the decay is multiplied by the learning rate; the paper multiplies it by the schedule alone.
 *
 * @example new Optimizer([parameter(zeros([2]))], adamw, { learningRate: 1e-3 }).rule.name  // "adamw"
 */
export const adamw = updateRule({
  name: "adamw",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  state: (θ) => ({ m: zerosLike(θ), v: zerosLike(θ) }),
  update({ θ, g, m, v, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
    const nextM = add(mul(beta1, m), mul(sub(1, beta1), g));
    const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(g)));
    const stepSize = div(η, sub(1, pow(beta1, t))); // η / (1 − β₁ᵗ)
    const deviation = sqrt(sub(1, pow(beta2, t))); // √(1 − β₂ᵗ)
    const denominator = add(div(sqrt(nextV), deviation), ε); // √v̂ + ε
    return {
      θ: sub(mul(θ, sub(1, mul(η, λ))), mul(stepSize, div(nextM, denominator))),
      m: nextM,
      v: nextV,
    };
  },
});
