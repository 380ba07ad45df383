import { attention } from "./attention.ts";
import { convolutional } from "./convolutional.ts";
import { ctc } from "./ctc.ts";
import { generation } from "./generation.ts";
import { gpt } from "./gpt.ts";
import { bytePairs, digits } from "./loading.ts";
import { mlp } from "./mlp.ts";
import { prompt } from "./prompt.ts";
import { recurrent } from "./recurrent.ts";
import { seq2seq } from "./seq2seq.ts";
import type { Work } from "./work.ts";

const small = { vocabularySize: 65, width: 128, layers: 4, heads: 4, context: 64, batch: 12, steps: 240 };
const middle = { vocabularySize: 512, width: 384, layers: 6, heads: 6, context: 128, batch: 8, steps: 10 };
const long = { vocabularySize: 65, width: 256, layers: 2, heads: 4, context: 2_048, batch: 1, steps: 12 };
const large = { vocabularySize: 50_257, width: 768, layers: 12, heads: 12, context: 128, batch: 4, steps: 6 };

/** All workloads by name. Some run only if they are named. */
export const works: Readonly<Record<string, Work>> = {
  mlp: mlp(),
  "gpt-0.8m": gpt(small),
  "gpt-0.8m-dropout": gpt({ ...small, dropout: 0.1 }),
  "gpt-0.8m-generate": generation(small, 256),
  "gpt-0.8m-prompt": prompt(small, 200),
  lstm: recurrent("LSTM"),
  gru: recurrent("GRU"),
  cnn: { ...convolutional({ model: "lenet", shape: [64, 1, 28, 28], steps: 80 }), peers: ["tfjs-native", "jax-js"] },
  resnet: convolutional({ model: "resnet", shape: [32, 3, 32, 32], steps: 40 }),
  seq2seq: seq2seq(),
  ctc: ctc(),
  "mnist-batches": digits(),
  "byte-pairs": bytePairs(1_024),
  moe: { ...gpt({ ...small, experts: 8 }), baseline: "gpt-0.8m", onRequest: true },
  "attention-long": { ...attention(2_048, 24), onRequest: true },
  "gpt-11m": { ...gpt(middle), onRequest: true },
  "gpt-long": { ...gpt(long), onRequest: true },
  "gpt-162m": { ...gpt(large), onRequest: true },
};
