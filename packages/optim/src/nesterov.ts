import { add, mul, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Gradient descent with Nesterov's momentum, which looks ahead along the momentum, in PyTorch's form. Nesterov 1983;
 * Sutskever et al. 2013.
 *
 *   g ← g + λ θ      m ← μ m + g      θ ← θ − η (g + μ m)
 *
 * @example new Optimizer([parameter(zeros([2]))], nesterov, { learningRate: 0.1 }).rule.name  // "nesterov"
 */
export const nesterov = updateRule({
  name: "nesterov",
  spec: 1,
  hyper: { momentum: 0.9, weightDecay: 0 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, learningRate: η, momentum: μ, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const next = add(mul(μ, m), slope);
    return { θ: sub(θ, mul(η, add(slope, mul(μ, next)))), m: next };
  },
});
