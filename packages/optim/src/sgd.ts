import { add, mul, sub, updateRule, zerosLike } from "@ansatz/core";

/**
 * Stochastic gradient descent with momentum and L2 decay, in PyTorch's form. Robbins & Monro 1951; Polyak 1964.
 *
 *   g ← g + λ θ      m ← μ m + g      θ ← θ − η m
 */
export const sgd = updateRule({
  name: "sgd",
  spec: 1,
  hyper: { momentum: 0, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, learningRate: η, momentum: μ, weightDecay: λ }) {
    const next = add(mul(μ, m), add(g, mul(λ, θ)));
    return { θ: sub(θ, mul(η, next)), m: next };
  },
});
