/**
 * Writes models of this package with PyTorch's names. `interchange.py` loads them into PyTorch and compares the
 * results:
 *
 *     npx tsx --conditions=source packages/nn/reference/interchange.ts FOLDER
 *     python packages/nn/reference/interchange.py FOLDER
 */
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, key, normal, relu, use, type Module, type Tensor } from "@ansatz/core";
import { saveSafetensors } from "@ansatz/data";
import { BatchNorm, Conv2d, GRU, Linear, LSTM, Sequential, toPyTorch, TransformerEncoder } from "../src/index.ts";

const folder = process.argv[2];
if (folder === undefined) throw new ArgumentError("interchange: no folder is given\n  name a folder to write to");
await use(cpu());

async function write(name: string, model: Module, x: Tensor, y: Tensor): Promise<void> {
  const value = async (own: Tensor) => ({ shape: own.shape, dtype: own.dtype, data: await own.data() });
  const state = toPyTorch(model, await model.stateDict());
  const named = Object.fromEntries(Object.entries(state).map(([entry, data]) => [`state/${entry}`, data]));
  await saveSafetensors(join(folder!, `${name}.safetensors`), { ...named, x: await value(x), y: await value(y) });
}

const images = normal(key(1), [2, 3, 6, 6]);
const convolutional = new Sequential(
  new Conv2d(3, 4, 3, { padding: 1, random: 1 }),
  new BatchNorm(4),
  relu,
  new Conv2d(4, 2, 3, { random: 2 }),
).eval();
await write("convolutional", convolutional, images, convolutional.forward(images));

const rows = normal(key(2), [5, 4]);
const perceptron = new Sequential(new Linear(4, 8, { random: 3 }), relu, new Linear(8, 2, { random: 4 }));
await write("perceptron", perceptron, rows, perceptron.forward(rows));

const sequence = normal(key(3), [7, 2, 4]);
const lstm = new LSTM(4, 3, { layers: 2, bidirectional: true, random: 5 });
await write("lstm", lstm, sequence, lstm.forward(sequence)[0]);
const gru = new GRU(4, 3, { random: 6 });
await write("gru", gru, sequence, gru.forward(sequence)[0]);

const embedded = normal(key(4), [2, 5, 8]);
const encoder = new TransformerEncoder(8, { layers: 2, heads: 2, hidden: 16, random: 7 });
await write("encoder", encoder, embedded, encoder.forward(embedded));
