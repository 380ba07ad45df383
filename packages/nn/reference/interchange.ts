/**
 * Writes models of this package with the names of PyTorch, or of Hugging Face's transformers. `interchange.py` loads
 * them there and compares the results:
 *
 *     npx tsx --conditions=source packages/nn/reference/interchange.ts FOLDER
 *     python packages/nn/reference/interchange.py FOLDER
 *
 * `test:full` runs both.
 */
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  integers,
  key,
  normal,
  relu,
  use,
  type Module,
  type StateDict,
  type Tensor,
} from "@ansatz/core";
import { saveSafetensors } from "@ansatz/data";
import {
  BatchNorm,
  Conv2d,
  EncoderDecoder,
  GRU,
  Linear,
  llama,
  LSTM,
  LSTMLM,
  MultiHeadAttention,
  RMSNorm,
  Sequential,
  toHuggingFace,
  toPyTorch,
  TransformerEncoder,
  TransformerLM,
} from "../src/index.ts";

const folder = process.argv[2];
if (folder === undefined) throw new ArgumentError("interchange: no folder is given\n  name a folder to write to");
await use(cpu());

/** Writes a model with its inputs and its result. */
async function write<M extends Module>(
  name: string,
  model: M,
  inputs: readonly Tensor[],
  y: Tensor,
  convert: (model: M, state: StateDict) => StateDict = toPyTorch,
): Promise<void> {
  const value = async (own: Tensor) => ({ shape: own.shape, dtype: own.dtype, data: await own.data() });
  const state = convert(model, await model.stateDict());
  const entries = Object.fromEntries(Object.entries(state).map(([entry, data]) => [`state/${entry}`, data]));
  for (const [i, input] of inputs.entries()) entries[`inputs/${i}`] = await value(input);
  await saveSafetensors(join(folder!, `${name}.safetensors`), { ...entries, y: await value(y) });
}

const images = normal(key(1), [2, 3, 6, 6]);
const convolutional = new Sequential(
  new Conv2d(3, 4, 3, { padding: 1, random: 1 }),
  new BatchNorm(4),
  relu,
  new Conv2d(4, 2, 3, { random: 2 }),
).eval();
await write("convolutional", convolutional, [images], convolutional.forward(images));

const rows = normal(key(2), [5, 4]);
const perceptron = new Sequential(new Linear(4, 8, { random: 3 }), relu, new RMSNorm(8), new Linear(8, 2));
await write("perceptron", perceptron, [rows], perceptron.forward(rows));

const sequence = normal(key(3), [7, 2, 4]);
const lstm = new LSTM(4, 3, { layers: 2, bidirectional: true, random: 5 });
await write("lstm", lstm, [sequence], lstm.forward(sequence)[0]);
const gru = new GRU(4, 3, { random: 6 });
await write("gru", gru, [sequence], gru.forward(sequence)[0]);

const embedded = normal(key(4), [2, 5, 8]);
const attention = new MultiHeadAttention(8, { heads: 2, bias: false, random: 8 });
await write("attention", attention, [embedded], attention.forward(embedded));
const encoder = new TransformerEncoder(8, { layers: 2, heads: 2, hidden: 16, random: 7 });
await write("encoder", encoder, [embedded], encoder.forward(embedded));
const target = normal(key(5), [2, 3, 8]);
const transformer = new EncoderDecoder(8, {
  layers: 2,
  heads: 2,
  hidden: 16,
  activation: relu,
  norm: "post",
  random: 9,
});
await write("transformer", transformer, [embedded, target], transformer.forward(embedded, target));

const tokens = integers([
  [1, 4, 0, 10],
  [7, 7, 2, 3],
]);
const tied = new LSTMLM({ vocabularySize: 11, width: 8, layers: 1, tiedEmbeddings: true, random: 10 });
await write("tied", tied, [tokens], tied.forward(tokens));
const sizes = { vocabularySize: 11, width: 24, layers: 2, heads: 4, keyValueHeads: 2, hidden: 10, context: 6 };
const language = new TransformerLM({ ...sizes, ...llama, rotaryBase: 500, random: 11 });
await write("llama", language, [tokens], language.forward(tokens), toHuggingFace);
