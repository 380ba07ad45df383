import { add, div, mul, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Adadelta: the ratio of the root mean squares of steps and gradients takes the place of a learning rate, in PyTorch's
 * form. Zeiler 2012, arXiv:1212.5701, Algorithm 1, whose learning rate is 1.
 *
 *   g ← g + λ θ      v ← ρ v + (1 − ρ) g²      δ = √(u + ε) / √(v + ε) · g      u ← ρ u + (1 − ρ) δ²      θ ← θ − η δ
 *
 * @example new Optimizer([parameter(zeros([2]))], adadelta, { learningRate: 1 }).rule.name  // "adadelta"
 */
export const adadelta = updateRule({
  name: "adadelta",
  spec: 1,
  hyper: { rho: 0.9, epsilon: 1e-6, weightDecay: 0 },
  state: (θ) => ({ v: zerosLike(θ), u: zerosLike(θ) }),
  update({ θ, g, v, u, learningRate: η, rho: ρ, epsilon: ε, weightDecay: λ }) {
    const slope = add(g, mul(λ, θ));
    const nextV = add(mul(ρ, v), mul(sub(1, ρ), square(slope)));
    const δ = mul(div(sqrt(add(u, ε)), sqrt(add(nextV, ε))), slope);
    return { θ: sub(θ, mul(η, δ)), v: nextV, u: add(mul(ρ, u), mul(sub(1, ρ), square(δ))) };
  },
});
