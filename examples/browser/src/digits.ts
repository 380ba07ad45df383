import { argmax, compile, grad, key, Optimizer, relu, type Tensor } from "@ansatz/core";
import { Columns, DataLoader } from "@ansatz/data";
import { crossEntropy, Linear, Sequential } from "@ansatz/nn";
import { adamw, cosine } from "@ansatz/optim";
import type { Task } from "./task.ts";

const pixels = 28 * 28;
/** The number of test images, which are the last ones. */
const testCount = 1_000;
/** The number of test images that are shown. */
const shownCount = 20;

/** A perceptron that learns to read handwritten digits. `bytes` are the pixels of all images, then their labels. */
export function digits(bytes: Uint8Array): Task {
  const count = bytes.length / (pixels + 1);
  const labels = Int32Array.from(bytes.subarray(pixels * count));
  const part = (from: number, to: number) =>
    new Columns({
      image: { data: bytes.subarray(pixels * from, pixels * to), shape: [pixels], dtype: "float32", scale: 1 / 255 },
      label: { data: labels.subarray(from, to) },
    });
  const training = new DataLoader(part(0, count - testCount), { batchSize: 64, shuffle: key(1), dropLast: true });
  const test = part(count - testCount, count).batch(Int32Array.from({ length: testCount }, (_, i) => i));

  const steps = 1_000;
  const model = new Sequential(new Linear(pixels, 256, { random: 1 }), relu, new Linear(256, 10, { random: 2 }));
  const optimizer = new Optimizer(model, adamw, { learningRate: cosine(2e-3, steps) });
  const train = compile((image: Tensor, label: Tensor) => {
    const loss = crossEntropy(model.forward(image), label);
    optimizer.update(grad(loss, model.parameters()));
    return loss;
  });
  const read = compile((image: Tensor) => argmax(model.forward(image)));
  return {
    parameters: model.parameterCount(),
    steps,
    showEvery: 50,
    async step() {
      const { image, label } = await training.next();
      return (await train(image, label)).item();
    },
    async show() {
      const answers = [...(await (await read(test.image)).data())];
      const first = count - testCount;
      const right = answers.filter((answer, i) => answer === labels[first + i]).length;
      const shown = answers.slice(0, shownCount).map((answer, i) => ({
        pixels: bytes.slice(pixels * (first + i), pixels * (first + i + 1)),
        label: labels[first + i]!,
        read: answer,
      }));
      const percent = ((100 * right) / testCount).toFixed(1);
      return {
        text: `${percent} % of ${testCount.toLocaleString("en")} test digits are read correctly`,
        digits: shown,
      };
    },
  };
}
