/**
 * How long a step of the GPT of 11 million parameters takes in several processes, each with one thread and a batch of
 * its own, how much of it is the exchange of the gradients, and what the links between them reach. These are the
 * figures that `ansatz plan` needs:
 * `mpirun -np 2 node --conditions=source --import tsx bench/data-parallel.ts [sequences of each process]`.
 */
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, key, meanOverRanks, Optimizer, randomIntegers, use, type Communicator } from "@ansatz/core";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { mpi, startedProcesses } from "@ansatz/parallel-mpi";

const [given = "8"] = process.argv.slice(2);
const [batch, context, steps] = [Number(given), 128, 10];
await use(await onnx({ threads: 1 }));
const connected = mpi();
let exchanging = 0;
const communicator: Communicator = {
  ...connected,
  async sum(values) {
    const start = performance.now();
    await connected.sum(values);
    exchanging += performance.now() - start;
  },
};
const { rank, size } = communicator;

const model = new TransformerLM({ vocabularySize: 512, width: 384, layers: 6, heads: 6, context, random: 1 });
const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
const tokens = randomIntegers(key(2).fold(rank), [batch, context], { high: 512 });
const train = compile(() => {
  const loss = crossEntropy(model.forward(tokens), tokens);
  optimizer.update(meanOverRanks(grad(loss, model.parameters()), communicator));
  return loss;
});
for (let step = 0; step < 2; step++) await (await train()).item();
exchanging = 0;
const times: number[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  await (await train()).item();
  times.push(performance.now() - start);
}
const milliseconds = times.toSorted((a, b) => a - b)[steps / 2]!;
const exchanged = exchanging / steps;

/** The exchange alone, in bytes a second: 2 (n − 1) / n times the bytes of the gradients leave each process. */
const values = new Float32Array(model.parameterCount());
const sums: number[] = [];
for (let round = 0; round < 7; round++) {
  const start = performance.now();
  await connected.sum(values);
  sums.push(performance.now() - start);
}
const bandwidth = (2 * (size - 1) * values.byteLength) / size / (sums.toSorted((a, b) => a - b)[3]! / 1_000);
if (rank === 0)
  console.log(
    `${startedProcesses()?.all ?? 1} processes, ${batch} sequences each, ${values.length} parameters: ` +
      `${milliseconds.toFixed(0)} ms a step, ` +
      `${((size * batch * context * 1_000) / milliseconds).toFixed(0)} tokens a second, ` +
      `${((100 * exchanged) / milliseconds).toFixed(1)} % of a step in the exchange` +
      (size === 1 ? "" : `, ${(bandwidth / 1e9).toFixed(2)} GB/s in the exchange alone`),
  );
