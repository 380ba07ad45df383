import { add, div, equal, maximum, mul, pow, sqrt, square, sub, where, zeros, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Schedule-free AdamW: gradients are taken between a fast sequence z and its running mean x, so that no schedule has to
 * know when training ends. Defazio et al. 2024, arXiv:2405.15682, Algorithm 1, as in the authors' package schedulefree.
 *
 *   v ← β₂ v + (1 − β₂) g²      z ← z − η (g / (√v̂ + ε) + λ θ)    with v̂ = v / (1 − β₂ᵗ)
 *   w = tʳ (max η)ᵖ    with the largest learning rate so far      x ← (1 − c) x + c z    with c = w / Σ w
 *   θ ← (1 − β₁) z + β₁ x
 *
 * r is `power`, 0 by default, p `ratePower`, 2 by default: while the rate grows, these are the weights of Algorithm 1.
 * Version 1.4 of the package; its first versions had √(1 − β₂ᵗ) in the learning rate η, and so in w, instead of in v̂.
 * t and Σ w are those of the parameter; the package's are of the group, so that v̂ is too small for one thawed later.
 *
 * Gradients are taken at the parameters θ. Evaluate and save the means x instead: `averaged` sets the parameters to
 * them for a while. The only schedule that it needs is a warm-up. The package's has 1/w of the rate at the first of w
 * steps: `learningRate: (step) => peak * Math.min(1, (step + 1) / w)`.
 *
 * @example new Optimizer([parameter(zeros([2]))], scheduleFree, { learningRate: 2.5e-3 }).rule.name  // "schedule-free"
 */
export const scheduleFree = updateRule({
  name: "schedule-free",
  spec: 1,
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, power: 0, ratePower: 2 },
  state: (θ) => {
    const zero = zeros([], { dtype: θ.dtype });
    return { v: zerosLike(θ), z: zerosLike(θ), total: zero, peak: zero };
  },
  update({ θ, g, v, z, total, peak, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ, ...rest }) {
    const fast = where(equal(t, 1), θ, z); // z and x start at the parameters
    const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(g)));
    const direction = add(div(g, add(div(sqrt(nextV), sqrt(sub(1, pow(beta2, t)))), ε)), mul(λ, θ));
    const nextPeak = maximum(peak, η);
    const weight = mul(pow(t, rest.power), pow(nextPeak, rest.ratePower));
    const nextTotal = add(total, weight);
    const c = where(equal(nextTotal, 0), 0, div(weight, nextTotal)); // at a learning rate of 0 nothing moves
    // x is not stored. In terms of θ and z: θ moves by the share c towards z, and then by its own share of the step.
    const part = sub(1, mul(beta1, sub(1, c)));
    return {
      θ: sub(add(θ, mul(c, sub(fast, θ))), mul(mul(η, part), direction)),
      v: nextV,
      z: sub(fast, mul(η, direction)),
      total: nextTotal,
      peak: nextPeak,
    };
  },
});
