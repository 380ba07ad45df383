import { add, div, maximum, mul, pow, sqrt, square, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/** Both variants, which differ in the decay. */
function rule<const Name extends string>(name: Name, decoupled: boolean, weightDecay: number) {
  return updateRule({
    name,
    spec: 1,
    hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
    state: (θ) => ({ m: zerosLike(θ), v: zerosLike(θ), largest: zerosLike(θ) }),
    update({ θ, g, m, v, largest, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ }) {
      const slope = decoupled ? g : add(g, mul(λ, θ));
      const start = decoupled ? mul(θ, sub(1, mul(η, λ))) : θ;
      const nextM = add(mul(beta1, m), mul(sub(1, beta1), slope));
      const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(slope)));
      const nextLargest = maximum(largest, nextV);
      const stepSize = div(η, sub(1, pow(beta1, t))); // η / (1 − β₁ᵗ)
      const denominator = add(div(sqrt(nextLargest), sqrt(sub(1, pow(beta2, t)))), ε);
      return { θ: sub(start, mul(stepSize, div(nextM, denominator))), m: nextM, v: nextV, largest: nextLargest };
    },
  });
}

/**
 * AMSGrad: Adam divided by the largest mean square so far, with L2 decay, in PyTorch's form (`amsgrad=True`). Reddi,
 * Kale & Kumar 2018, arXiv:1904.09237, Algorithm 2, with Adam's bias corrections.
 *
 *   g ← g + λ θ      m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      w ← max(w, v)
 *   θ ← θ − η m̂ / (√ŵ + ε)    with m̂ = m / (1 − β₁ᵗ), ŵ = w / (1 − β₂ᵗ)
 *
 * @example new Optimizer([parameter(zeros([2]))], amsgrad, { learningRate: 1e-3 }).rule.name  // "amsgrad"
 */
export const amsgrad = rule("amsgrad", false, 0);

/**
 * AMSGrad with decoupled weight decay: PyTorch's AdamW with `amsgrad=True`.
 *
 *   as `amsgrad` without L2 decay, after θ ← (1 − η λ) θ
 *
 * @example new Optimizer([parameter(zeros([2]))], amsgradw, { learningRate: 1e-3 }).rule.name  // "amsgradw"
 */
export const amsgradw = rule("amsgradw", true, 0.01);
