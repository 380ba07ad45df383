import { add, and, div, greater, mul, norm, pow, sqrt, square, sub, where, zerosLike } from "@ansatz/core";
import type { Transformation } from "./chain.ts";

/**
 * Adam's direction, a link for `chain`: m̂ / (√v̂ + ε). Kingma & Ba 2014, arXiv:1412.6980.
 *
 * @example chain("adam", adamDirection).hyper.beta2  // 0.999
 */
export const adamDirection: Transformation<"beta1" | "beta2" | "epsilon", "m" | "v"> = {
  hyper: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  state: (θ) => ({ m: zerosLike(θ), v: zerosLike(θ) }),
  transform({ g, m, v, step: t, beta1, beta2, epsilon: ε }) {
    const nextM = add(mul(beta1, m), mul(sub(1, beta1), g));
    const nextV = add(mul(beta2, v), mul(sub(1, beta2), square(g)));
    const denominator = add(div(sqrt(nextV), sqrt(sub(1, pow(beta2, t)))), ε);
    return { g: div(div(nextM, sub(1, pow(beta1, t))), denominator), m: nextM, v: nextV };
  },
};

/**
 * Weight decay, a link for `chain`: g + λ θ. As the first link it is L2 decay, as the last it is decoupled.
 *
 * @example chain("decayed", decayedWeights).hyper.weightDecay  // 0
 */
export const decayedWeights: Transformation<"weightDecay", never> = {
  hyper: { weightDecay: 0 },
  state: () => ({}),
  transform: ({ θ, g, weightDecay: λ }) => ({ g: add(g, mul(λ, θ)) }),
};

/**
 * The trust ratio, a link for `chain`: ‖θ‖ / ‖g‖ · g, or g itself if one of the norms is 0. You et al. 2017,
 * arXiv:1708.03888.
 *
 * @example chain("trusting", trustRatio).hyper  // {}
 */
export const trustRatio: Transformation<never, never> = {
  hyper: {},
  state: () => ({}),
  transform({ θ, g }) {
    const [weight, length] = [norm(θ), norm(g)];
    return { g: mul(g, where(and(greater(weight, 0), greater(length, 0)), div(weight, length), 1)) };
  },
};
