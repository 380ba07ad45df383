import { Optimizer, type Module } from "@ansatz/core";
import { adamw, cosine, muon as rule, warmup } from "@ansatz/optim";
import type { Record } from "../record.ts";
import { rotary } from "./rotary.ts";

/** Muon for the matrices inside, AdamW for embeddings, the output layer and vectors; no decay, and a fall to 0. */
export function muonAndAdamw(options: { readonly rate: number; readonly others: number; readonly momentum?: number }) {
  return (model: Module, steps: number): Optimizer => {
    const { rate, others, momentum = rule.hyper.momentum } = options;
    const scheduleOf = (peak: number) => warmup(20, cosine(peak, Math.max(1, steps - 20)));
    const where = (name: string, { shape }: { readonly shape: readonly number[] }) =>
      shape.length !== 2 || /^(tokens|positions|head)\./.test(name);
    return new Optimizer(model, rule, {
      learningRate: scheduleOf(rate),
      momentum,
      weightDecay: 0,
      groups: [{ where, rule: adamw, learningRate: scheduleOf(others), beta2: 0.95, weightDecay: 0 }],
    });
  };
}

/** Jordan et al. 2024, kellerjordan.github.io/posts/muon. */
export const muon: Record = {
  ...rotary,
  idea: "Muon for the matrices inside",
  steps: 400,
  optimizer: muonAndAdamw({ rate: 0.02, others: 4e-3 }),
};
