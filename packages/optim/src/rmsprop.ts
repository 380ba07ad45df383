import { add, div, mul, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * RMSProp: the gradient divided by the root of its running mean square, with momentum and L2 decay, in PyTorch's form.
 * Tieleman & Hinton 2012.
 *
 *   g ← g + λ θ      v ← α v + (1 − α) g²      m ← μ m + g / (√v + ε)      θ ← θ − η m
 *
 * @example new Optimizer([parameter(zeros([2]))], rmsprop, { learningRate: 0.01 }).rule.name  // "rmsprop"
 */
export const rmsprop = updateRule({
  name: "rmsprop",
  spec: 1,
  hyper: { alpha: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 },
  state: (θ) => ({ v: zerosLike(θ), m: zerosLike(θ) }),
  update({ θ, g, v, m, learningRate: η, alpha: α, epsilon: ε, momentum: μ, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const nextV = add(mul(α, v), mul(sub(1, α), square(slope)));
    const nextM = add(mul(μ, m), div(slope, add(sqrt(nextV), ε)));
    return { θ: sub(θ, mul(η, nextM)), v: nextV, m: nextM };
  },
});
