import { equal, greater, less, maximum, minimum, mul, sign, sub, where, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Rprop: each coordinate has a step size of its own, which grows while its gradient keeps its sign. For gradients of
 * the whole data set, in PyTorch's form. Riedmiller & Braun 1993, "A direct adaptive method for faster backpropagation
 * learning"; without weight backtracking, as iRprop⁻ in Igel & Hüsken 2000, "Improving the Rprop learning algorithm".
 *
 *   s ← clamp(s · a) with a = η⁺ where sign(g gₜ₋₁) > 0, η⁻ where it is < 0, else 1
 *   g ← 0 where the sign has changed      θ ← θ − s sign(g)
 *
 * η⁺ is `growth`, η⁻ `shrinkage`; s lies between `smallest` and `largest`. The learning rate is the first s, and has no
 * meaning later; where it is 0, nothing moves.
 *
 * @example new Optimizer([parameter(zeros([2]))], rprop, { learningRate: 0.01 }).rule.name  // "rprop"
 */
export const rprop = updateRule({
  name: "rprop",
  spec: 1,
  hyper: { growth: 1.2, shrinkage: 0.5, smallest: 1e-6, largest: 50 },
  state: (θ) => ({ s: zerosLike(θ), before: zerosLike(θ) }),
  update({ θ, g, s, before, step: t, learningRate: η, growth, shrinkage, smallest, largest }) {
    const kept = mul(sign(g), sign(before));
    const factor = where(greater(kept, 0), growth, where(less(kept, 0), shrinkage, 1));
    const next = minimum(maximum(mul(where(equal(t, 1), η, s), factor), smallest), largest);
    const direction = where(less(kept, 0), 0, sign(g)); // −1, 0 or 1
    return { θ: sub(θ, mul(where(equal(η, 0), 0, next), direction)), s: next, before: direction };
  },
});
