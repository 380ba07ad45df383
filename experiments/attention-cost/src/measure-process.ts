/** Runs a training step in this process, and prints `Measured` as JSON. The argument is `LayerOptions` as JSON. */
import { onnx } from "@ansatz/backend-onnx";
import { compile, realize, use, type Tensor } from "@ansatz/core";
import { peakMemory } from "@ansatz/lab";
import type { LayerOptions } from "./layers.ts";
import type { Measured } from "./measured-alone.ts";
import { errorOf, inputOf, trainingStep } from "./training-step.ts";

await use(await onnx());
const options = JSON.parse(process.argv[2]!) as LayerOptions;
const record = trainingStep(options);
const step = compile((x: Tensor) => [...record(x)]);
const x = inputOf(options);
await realize(x);
let seconds = Infinity;
for (let i = 0; i < 4; i++) {
  const start = performance.now();
  await step(x);
  if (i > 0) seconds = Math.min(seconds, (performance.now() - start) / 1_000); // the first one compiles
}
const residentMiB = peakMemory() / 2 ** 20; // before the error, for which exact attention is computed
const error = await errorOf(options);
console.log(JSON.stringify({ residentMiB, seconds, ...(error !== undefined && { error }) } satisfies Measured));
