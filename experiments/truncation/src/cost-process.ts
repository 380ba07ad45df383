/** Backpropagates through windows of text in this process, and prints `Cost` as JSON. The argument is `CostOptions`. */
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, RandomStream, randomIntegers, realize, use, type Tensor } from "@ansatz/core";
import { peakMemory } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import type { Cost, CostOptions } from "./cost.ts";
import { Reader } from "./reader.ts";

await use(await onnx());
const { window, streams, width, seed } = JSON.parse(process.argv[2]!) as CostOptions;
const random = new RandomStream(seed);
const vocabularySize = 96;
const reader = new Reader({ vocabularySize, width, layers: 1, streams, window, carried: true, random });
const tokens = randomIntegers(random.next(), [streams, window], { high: vocabularySize });
await realize(tokens);
const backward = compile((x: Tensor) => grad(crossEntropy(reader.forward(x), x), reader.model.parameters()));
let seconds = Infinity;
for (let i = 0; i < 12; i++) {
  const start = performance.now();
  await backward(tokens);
  if (i > 1) seconds = Math.min(seconds, (performance.now() - start) / 1_000); // the first ones compile and warm up
}
console.log(
  JSON.stringify({
    peakMiB: peakMemory() / 2 ** 20,
    microsecondsPerCharacter: (1e6 * seconds) / (streams * window),
  } satisfies Cost),
);
