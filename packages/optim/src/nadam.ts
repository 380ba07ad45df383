import { add, div, mul, ones, pow, sqrt, square, sub, zerosLike, type Tensor, type TensorLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/** Both variants, which differ in the decay. */
function rule<const Name extends string>(name: Name, decoupled: boolean) {
  return updateRule({
    name,
    spec: 1,
    hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 4e-3, weightDecay: 0 },
    state: (θ) => ({ m: zerosLike(θ), v: zerosLike(θ), product: ones([], { dtype: θ.dtype }) }),
    update({ θ, g, m, v, product, step: t, learningRate: η, beta1, beta2, epsilon: ε, weightDecay: λ, ...rest }) {
      const momentum = (step: TensorLike): Tensor =>
        mul(beta1, sub(1, mul(0.5, pow(0.96, mul(step, rest.momentumDecay)))));
      const [now, then] = [momentum(t), momentum(add(t, 1))];
      const nextProduct = mul(product, now);
      const slope = decoupled ? g : add(g, mul(λ, θ));
      const start = decoupled ? mul(θ, sub(1, mul(η, λ))) : θ;
      const nextM = add(mul(beta1, m), mul(sub(1, beta1), slope));
      const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(slope)));
      const denominator = add(div(sqrt(nextV), sqrt(sub(1, pow(beta2, t)))), ε); // √v̂ + ε
      const ofGradient = div(mul(η, sub(1, now)), sub(1, nextProduct));
      const ofMomentum = div(mul(η, then), sub(1, mul(nextProduct, then)));
      return {
        θ: sub(start, div(add(mul(ofGradient, slope), mul(ofMomentum, nextM)), denominator)),
        m: nextM,
        v: nextV,
        product: nextProduct,
      };
    },
  });
}

/**
 * NAdam: Adam with Nesterov's momentum and L2 decay, in PyTorch's form. The momentum μ grows with the step. Dozat 2016,
 * "Incorporating Nesterov momentum into Adam".
 *
 *   g ← g + λ θ      m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      μₜ = β₁ (1 − ½ · 0.96^(t ψ))      Π ← Π μₜ
 *   θ ← θ − η ((1 − μₜ) / (1 − Π) · g + μₜ₊₁ / (1 − Π μₜ₊₁) · m) / (√v̂ + ε)    with v̂ = v / (1 − β₂ᵗ)
 *
 * ψ is `momentumDecay`.
 *
 * @example new Optimizer([parameter(zeros([2]))], nadam, { learningRate: 2e-3 }).rule.name  // "nadam"
 */
export const nadam = rule("nadam", false);

/**
 * NAdam with decoupled weight decay: PyTorch's NAdam with `decoupled_weight_decay=True`.
 *
 *   as `nadam` without L2 decay, after θ ← (1 − η λ) θ
 *
 * @example new Optimizer([parameter(zeros([2]))], nadamw, { learningRate: 2e-3 }).rule.name  // "nadamw"
 */
export const nadamw = rule("nadamw", true);
