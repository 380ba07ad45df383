import { add, div, mul, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Adagrad: the learning rate of each coordinate falls with the sum of its squared gradients, in PyTorch's form. Duchi,
 * Hazan & Singer 2011.
 *
 *   g ← g + λ θ      v ← v + g²      θ ← θ − η / (1 + (t − 1) κ) · g / (√(v₀ + v) + ε)
 *
 * κ is `rateDecay`, v₀ `initialAccumulator`.
 *
 * @example new Optimizer([parameter(zeros([2]))], adagrad, { learningRate: 0.01 }).rule.name  // "adagrad"
 */
export const adagrad = updateRule({
  name: "adagrad",
  spec: 1,
  hyper: { rateDecay: 0, initialAccumulator: 0, epsilon: 1e-10, weightDecay: 0 },
  state: (θ) => ({ v: zerosLike(θ) }),
  update({ θ, g, v, step: t, learningRate: η, rateDecay: κ, initialAccumulator: v0, epsilon: ε, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const next = add(v, square(slope));
    const rate = div(η, add(1, mul(sub(t, 1), κ)));
    return { θ: sub(θ, mul(rate, div(slope, add(sqrt(add(next, v0)), ε)))), v: next };
  },
});
