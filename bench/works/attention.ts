import { buffer, grad, key, mul, normal, sum, zeros, type Tensor } from "@ansatz/core";
import { attendInBlocks } from "@ansatz/nn";
import type { Work } from "./work.ts";

/** Exact causal attention, forward and backward, of one sequence with four heads of 64 features. */
export function attention(time: number, steps: number): Work {
  const shape = [1, 4, time, 64] as const;
  return {
    steps,
    torch: ["attention.py", ...[...shape, steps].map(String)],
    build() {
      const gradients = [buffer(zeros(shape)), buffer(zeros(shape)), buffer(zeros(shape))] as const;
      return {
        batch: () => [1, 2, 3, 4].map((seed) => normal(key(seed), shape)),
        step(query: Tensor, keys: Tensor, values: Tensor, weights: Tensor) {
          const loss = sum(mul(attendInBlocks(query, keys, values, { causal: true }), weights));
          const found = grad(loss, [query, keys, values]);
          for (const [i, kept] of gradients.entries()) kept.assign(found[i]!);
          return loss;
        },
      };
    },
  };
}
