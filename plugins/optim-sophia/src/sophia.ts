import { add, clamp, div, lerp, maximum, mul, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/** Both variants, which differ in the observation and in γ. */
function sophia<const Name extends string>(name: Name, gamma: number) {
  return updateRule({
    name,
    spec: 1,
    hyper: { beta1: 0.965, beta2: 0.99, gamma, epsilon: 1e-12, weightDecay: 0.2 },
    state: (θ) => ({ m: zerosLike(θ), h: zerosLike(θ) }),
    observe: ({ h, observation: ĥ, beta2 }) => ({ h: lerp(ĥ, h, beta2) }), // β₂ h + (1 − β₂) ĥ
    update({ θ, g, m, h, learningRate: η, beta1, gamma: γ, epsilon: ε, weightDecay: λ }) {
      const next = add(mul(beta1, m), mul(sub(1, beta1), g));
      const step = clamp(div(next, maximum(mul(γ, h), ε)), -1, 1);
      return { θ: sub(mul(θ, sub(1, mul(η, λ))), mul(η, step)), m: next };
    },
  });
}

/**
 * Sophia-G: the momentum divided by a running estimate of the curvature, clipped for each coordinate. Liu, Li, Hall,
 * Liang & Ma 2023, arXiv:2305.14342, Algorithm 3 with the estimator of Algorithm 2, `gaussNewtonDiagonal`.
 *
 *   m ← β₁ m + (1 − β₁) g      every k steps, by `observe`: h ← β₂ h + (1 − β₂) ĥ
 *   θ ← (1 − η λ) θ − η clip(m / max(γ h, ε), 1)
 *
 * Choose γ so that 10 to 50 % of the coordinates are not clipped; `winRate` measures it.
 *
 * @example sophiaG.hyper.gamma  // 0.05
 */
export const sophiaG = sophia("sophia-g", 0.05);

/**
 * Sophia-H: the same with Hutchinson's estimator, Algorithm 1 of the paper, `hutchinsonDiagonal`. Liu et al. 2023,
 * arXiv:2305.14342.
 *
 * If the estimate is negative, the coordinate moves by the sign of its momentum.
 *
 * @example sophiaH.hyper.gamma  // 0.01
 */
export const sophiaH = sophia("sophia-h", 0.01);
