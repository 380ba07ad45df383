/**
 * One of the processes of the tests: trains a small network on its share of each batch, and writes what it came to into
 * a file of a folder. Words: the folder, the backend, the number of steps, and perhaps the step at which the last rank
 * fails.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, key, meanOverRanks, normal, Optimizer, slice, use, type Tensor } from "@ansatz/core";
import { BatchNorm, Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw, clipByGlobalNorm } from "@ansatz/optim";
import { mpi } from "./index.ts";

const [folder, backend, steps, failing] = process.argv.slice(2);
await use(backend === "cpu" ? cpu() : await onnx({ threads: 1 }));
const communicator = mpi();
const { rank, size } = communicator;
const [rows, features] = [24, 6];

const model = new Sequential(
  new Linear(features, 16, { random: 1, bias: false }), // its gradient would be rounding, which AdamW enlarges
  new BatchNorm(16, { communicator }),
  new Linear(16, 3, { random: 2 }),
);
const optimizer = new Optimizer(model, adamw, { learningRate: 0.01, weightDecay: 0.1 });
const train = compile((x: Tensor, y: Tensor) => {
  const loss = meanSquaredError(model.forward(x).tanh(), y);
  const gradients = meanOverRanks(grad(loss, model.parameters()), communicator);
  optimizer.update(clipByGlobalNorm(gradients, 0.5));
  return meanOverRanks([loss], communicator)[0]!;
});

const losses: number[] = [];
for (let step = 1; step <= Number(steps); step++) {
  if (step === Number(failing) && rank === size - 1) throw new Error(`rank ${rank} fails at step ${step}`);
  const own = [(rank * rows) / size, ((rank + 1) * rows) / size] as const;
  const share = (seed: number, width: number) => slice(normal(key(seed).fold(step), [rows, width]), [own]);
  losses.push(await (await train(share(1, features), share(2, 3))).item());
}
const first = new Float32Array([rank + 1]);
await communicator.broadcast(first);
const state = Object.values(await model.stateDict()); // with the running statistics
const weights = state.map(({ data }) => [...data]);
writeFileSync(join(folder!, `${rank}.json`), JSON.stringify({ size, first: first[0], losses, weights }));
