import { add, div, equal, lerp, maximum, mul, pow, sub, where, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Averaged stochastic gradient descent: the mean of the parameters from step t₀ on, in PyTorch's form. Polyak &
 * Juditsky 1992, "Acceleration of stochastic approximation by averaging"; the rates are those of Bottou 2012,
 * "Stochastic gradient descent tricks".
 *
 *   g ← g + λ θ      ηₜ = η / (1 + κ η (t − 1))^α
 *   θ ← (1 − κ ηₜ) θ − ηₜ g      x ← x + (θ − x) / max(1, t − 1 − t₀)
 *
 * κ is `decay`, t₀ `averagingStart`. Evaluate the means x: `averaged` sets the parameters to them for a while. PyTorch
 * applies a changed learning rate one step later.
 *
 * @example new Optimizer([parameter(zeros([2]))], asgd, { learningRate: 0.01 }).rule.name  // "asgd"
 */
export const asgd = updateRule({
  name: "asgd",
  spec: 1,
  hyper: { decay: 1e-4, alpha: 0.75, averagingStart: 1e6, weightDecay: 0 },
  state: (θ) => ({ mean: zerosLike(θ) }),
  update({ θ, g, mean, step: t, learningRate: η, decay: κ, alpha: α, averagingStart: t0, weightDecay: λ }) {
    const before = sub(t, 1);
    const rate = div(η, pow(add(1, mul(mul(κ, η), before)), α));
    const next = sub(mul(θ, sub(1, mul(κ, rate))), mul(rate, add(g, mul(λ, θ))));
    const share = div(1, maximum(1, sub(before, t0)));
    return { θ: next, mean: where(equal(share, 1), next, lerp(mean, next, share)) };
  },
});
