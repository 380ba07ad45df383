/**
 * How many tokens a second processes train the GPT of 11 million parameters with, each with one thread and a batch of
 * its own, and how much of a step they wait for the gradients of the others:
 * `mpirun -np 2 node --conditions=source --import tsx bench/data-parallel.ts`.
 */
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, key, meanOverRanks, Optimizer, randomIntegers, use, type Communicator } from "@ansatz/core";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { mpi } from "@ansatz/parallel-mpi";

const [batch, context, steps] = [8, 128, 12];
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

const model = new TransformerLM({ vocabularySize: 512, width: 384, layers: 6, heads: 6, context, random: 1 });
const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
const tokens = randomIntegers(key(2).fold(communicator.rank), [batch, context], { high: 512 });
const train = compile(() => {
  const loss = crossEntropy(model.forward(tokens), tokens);
  optimizer.update(meanOverRanks(grad(loss, model.parameters()), communicator));
  return loss;
});
for (let step = 0; step < 3; step++) await (await train()).item();
exchanging = 0;
const start = performance.now();
for (let step = 0; step < steps; step++) await (await train()).item();
const milliseconds = (performance.now() - start) / steps;
if (communicator.rank === 0)
  console.log(
    `${communicator.size} processes: ${milliseconds.toFixed(0)} ms a step, ` +
      `${((communicator.size * batch * context * 1000) / milliseconds).toFixed(0)} tokens a second, ` +
      `${((100 * exchanging) / steps / milliseconds).toFixed(1)} % of a step in the exchange`,
  );
