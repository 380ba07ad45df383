import { attention } from "./attention.ts";
import { generation } from "./generation.ts";
import { gpt } from "./gpt.ts";
import { lstm } from "./lstm.ts";
import { mlp } from "./mlp.ts";
import type { Work } from "./work.ts";

const small = { vocabularySize: 65, width: 128, layers: 4, heads: 4, context: 64, batch: 12, steps: 240 };

/** All workloads by name. Some run only if they are named. */
export const works: Readonly<Record<string, Work>> = {
  mlp: mlp(),
  "gpt-0.8m": gpt(small),
  "gpt-0.8m-dropout": gpt({ ...small, dropout: 0.1 }),
  "gpt-0.8m-generate": generation(small, 256),
  lstm: lstm(),
  moe: { ...gpt({ ...small, experts: 8 }), baseline: "gpt-0.8m", onRequest: true },
  "attention-long": { ...attention(2_048, 24), onRequest: true },
  "gpt-162m": {
    ...gpt({ vocabularySize: 50_257, width: 768, layers: 12, heads: 12, context: 128, batch: 4, steps: 6 }),
    onRequest: true,
  },
};
