import { add, div, lerp, mul, pow, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * AdEMAMix: AdamW with a second, slow average of the gradients, which remembers thousands of steps. Pagliardini, Ablin
 * & Grangier 2024, arXiv:2409.03137, Algorithm 1.
 *
 *   m₁ ← β₁ m₁ + (1 − β₁) g      m₂ ← β₃ m₂ + (1 − β₃) g      ν ← β₂ ν + (1 − β₂) g²
 *   θ ← θ − η ((m̂₁ + α m₂) / (√ν̂ + ε) + λ θ)    with m̂₁ = m₁ / (1 − β₁ᵗ), ν̂ = ν / (1 − β₂ᵗ)
 *
 * The slow average is not corrected for its start at 0. A large β₃ diverges early in training unless it and α grow
 * slowly: `beta3Warmup` and `alphaWarmup` are their schedules.
 *
 * @example new Optimizer([parameter(zeros([2]))], ademamix, {
 *   learningRate: 1e-3,
 *   alpha: alphaWarmup(8, 10_000),
 *   beta3: beta3Warmup(0.9999, 10_000),
 * }).rule.name // "ademamix"
 */
export const ademamix = updateRule({
  name: "ademamix",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, beta3: 0.9999, alpha: 5, epsilon: 1e-8, weightDecay: 0 },
  state: (θ) => ({ m1: zerosLike(θ), m2: zerosLike(θ), ν: zerosLike(θ) }),
  update({ θ, g, m1, m2, ν, step: t, learningRate: η, beta1, beta2, beta3, alpha: α, epsilon: ε, weightDecay: λ }) {
    const fast = lerp(g, m1, beta1);
    const slow = lerp(g, m2, beta3);
    const squares = lerp(square(g), ν, beta2);
    const denominator = add(div(sqrt(squares), sqrt(sub(1, pow(beta2, t)))), ε); // √ν̂ + ε
    const direction = div(add(div(fast, sub(1, pow(beta1, t))), mul(α, slow)), denominator);
    return { θ: sub(θ, mul(η, add(direction, mul(λ, θ)))), m1: fast, m2: slow, ν: squares };
  },
});
