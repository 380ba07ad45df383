import { chain } from "./chain.ts";
import { adamDirection, decayedWeights, trustRatio } from "./transformations.ts";

/**
 * LAMB: Adam's direction, scaled in proportion to the norm of each parameter, for large batches. You et al. 2019,
 * arXiv:1904.00962, Algorithm 2 with φ(z) = z.
 *
 *   r = m̂ / (√v̂ + ε)      θ ← θ − η ‖θ‖ / ‖r + λ θ‖ · (r + λ θ)
 *
 * A parameter of zeros, such as a new bias, moves by r itself.
 *
 * @example new Optimizer([parameter(zeros([2]))], lamb, { learningRate: 2e-3 }).rule.name  // "lamb"
 */
export const lamb = chain("lamb", adamDirection, decayedWeights, trustRatio);
