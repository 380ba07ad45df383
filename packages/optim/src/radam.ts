import { add, div, greater, mul, pow, sqrt, square, sub, where, zeros, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/** Both variants, which differ in the decay. */
function rule<const Name extends string>(name: Name, decoupled: boolean) {
  return updateRule({
    name,
    spec: 1,
    hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
    state: (θ) => {
      const zero = zeros([], { dtype: θ.dtype });
      return { m: zerosLike(θ), v: zerosLike(θ), weights: zero, ages: zero };
    },
    update({ θ, g, m, v, weights, ages, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
      const slope = decoupled ? g : add(g, mul(λ, θ));
      const start = decoupled ? mul(θ, sub(1, mul(η, λ))) : θ;
      const nextM = add(mul(beta1, m), mul(sub(1, beta1), slope));
      const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(slope)));
      const nextWeights = add(mul(beta2, weights), 1); // Σ β₂ⁱ for i < t
      const nextAges = add(mul(beta2, ages), nextWeights); // Σ (i + 1) β₂ⁱ
      const ρ = sub(div(mul(2, nextAges), nextWeights), 1);
      const last = sub(div(2, sub(1, beta2)), 1); // ρ∞
      const rectification = sqrt(div(mul(mul(sub(ρ, 4), sub(ρ, 2)), last), mul(mul(sub(last, 4), sub(last, 2)), ρ)));
      const correction = sqrt(mul(sub(1, beta2), nextWeights)); // √(1 − β₂ᵗ)
      const adaptive = div(mul(rectification, correction), add(sqrt(nextV), ε));
      const direction = div(nextM, sub(1, pow(beta1, t)));
      return {
        θ: sub(start, mul(mul(η, direction), where(greater(ρ, 5), adaptive, 1))),
        m: nextM,
        v: nextV,
        weights: nextWeights,
        ages: nextAges,
      };
    },
  });
}

/**
 * RAdam: Adam whose first steps are momentum alone, until the variance of 1/√v̂ can be told; from then on it is
 * rectified. With L2 decay, in PyTorch's form. Liu et al. 2019, arXiv:1908.03265, Algorithm 2.
 *
 *   g ← g + λ θ      m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
 *   θ ← θ − η m̂ ℓ √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ))    where ρ > 5, else θ ← θ − η m̂
 *   with m̂ = m / (1 − β₁ᵗ), ℓ = √(1 − β₂ᵗ) / (√v + ε), ρ∞ = 2 / (1 − β₂) − 1
 *
 * The paper's bound is 4; PyTorch's and the authors' code take 5. ρ is computed as 2 Σ (i + 1) β₂ⁱ / Σ β₂ⁱ − 1, which
 * is the same and does not lose digits.
 *
 * @example new Optimizer([parameter(zeros([2]))], radam, { learningRate: 1e-3 }).rule.name  // "radam"
 */
export const radam = rule("radam", false);

/**
 * RAdam with decoupled weight decay: PyTorch's RAdam with `decoupled_weight_decay=True`.
 *
 *   as `radam` without L2 decay, after θ ← (1 − η λ) θ
 *
 * @example new Optimizer([parameter(zeros([2]))], radamw, { learningRate: 1e-3 }).rule.name  // "radamw"
 */
export const radamw = rule("radamw", true);
