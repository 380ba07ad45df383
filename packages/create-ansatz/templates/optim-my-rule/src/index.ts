import { add, mul, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Gradient descent with momentum. Polyak 1964. Cite the paper of your own rule here, and write its algorithm below.
 *
 *   m ← μ m + g      θ ← θ − η m
 */
export const myRule = updateRule({
  name: "my-rule",
  spec: 1,
  hyper: { momentum: 0.9 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, learningRate: η, momentum: μ }) {
    const next = add(mul(μ, m), g);
    return { θ: sub(θ, mul(η, next)), m: next };
  },
});
