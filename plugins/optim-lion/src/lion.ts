import { add, lerp, mul, sign, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Lion: the sign of an interpolated momentum. Chen et al. 2023, arXiv:2302.06675, Algorithm 2. One moment per
 * parameter: half of AdamW's state.
 *
 *   c ← β₁ m + (1 − β₁) g      θ ← θ − η (sign(c) + λ θ)      m ← β₂ m + (1 − β₂) g
 *
 * The authors recommend a learning rate 3 to 10 times smaller than AdamW's, and a weight decay larger by the same
 * factor.
 */
export const lion = updateRule({
  name: "lion",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.99, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, learningRate: η, beta1, beta2, weightDecay: λ }) {
    const c = lerp(g, m, beta1);
    return {
      θ: sub(θ, mul(η, add(sign(c), mul(λ, θ)))),
      m: lerp(g, m, beta2), // uses the old m, as c does
    };
  },
});
