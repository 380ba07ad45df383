import { Optimizer } from "@ansatz/core";
import { adamw, cosine, warmup } from "@ansatz/optim";
import type { Record } from "../record.ts";

/** The tutorials' recipe, as in the experiment `language-model`. */
export const recipe: Record = {
  idea: "AdamW with warm-up and cosine, as in the tutorials",
  steps: 1_600,
  batch: 12,
  model: { width: 128, layers: 4, heads: 4, context: 64 },
  optimizer: (model, steps) =>
    new Optimizer(model, adamw, {
      learningRate: warmup(100, cosine(2e-3, Math.max(1, steps - 100), { floor: 2e-4 })),
      weightDecay: 0.1,
      beta2: 0.95,
      groups: [{ where: (_name, { shape }) => shape.length < 2, weightDecay: 0 }],
    }),
};
