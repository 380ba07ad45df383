import { add, greater, mul, sub, where, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Stochastic gradient descent with momentum and L2 decay, in PyTorch's form. Robbins & Monro 1951; Polyak 1964. With
 * the whole data set as the batch it is gradient descent (Cauchy 1847).
 *
 *   g ← g + λ θ      m ← μ m + (1 − τ) g      θ ← θ − η m
 *
 * The dampening τ begins with the second step.
 *
 * @example new Optimizer([parameter(zeros([2]))], sgd, { learningRate: 0.1, momentum: 0.9 }).rule.name  // "sgd"
 */
export const sgd = updateRule({
  name: "sgd",
  spec: 1,
  hyper: { momentum: 0, dampening: 0, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, step: t, learningRate: η, momentum: μ, dampening: τ, weightDecay: λ }) {
    const share = sub(1, where(greater(t, 1), τ, 0));
    const next = add(mul(μ, m), mul(share, add(g, mul(λ, θ))));
    return { θ: sub(θ, mul(η, next)), m: next };
  },
});
