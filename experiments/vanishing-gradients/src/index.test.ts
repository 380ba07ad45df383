import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { RandomStream, tensor, use, zerosLike } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accuracy } from "./accuracy.ts";
import experiment from "./index.ts";
import { gradientNorms } from "./measure.ts";
import { latching, Latch } from "./model.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const sizes = { cell: "rnn", hidden: 16, gain: 0.9, forgetBias: 1 };
const norms = (model: Latch, clip = 1) => gradientNorms(model, new RandomStream(2), { distances: 30, batch: 4, clip });

test("singular values of 0.9 bound the gradient at each distance, as the product of Jacobians says", async () => {
  const at = norms(new Latch(sizes, new RandomStream(1)));
  for (const distance of [1, 5, 10, 30])
    expect((await at(distance)).log10StateGradient).toBeLessThanOrEqual(distance * Math.log10(0.9) + 1e-6);
});

test("with hardly any input tanh is nearly linear, and the bound is met", async () => {
  const model = new Latch(sizes, new RandomStream(1));
  const { weightInput, biasInput, biasRecurrent } = model.layer.weights[0].forward;
  for (const weight of [weightInput, biasInput!, biasRecurrent!]) weight.assign(zerosLike(weight));
  expect((await norms(model)(30)).log10StateGradient).toBeCloseTo(30 * Math.log10(0.9), 4);
});

test("gradients that vanish far below the smallest square are still measured", async () => {
  const at = norms(new Latch({ ...sizes, gain: 0.1 }, new RandomStream(1)));
  const { log10StateGradient } = await at(30);
  expect(log10StateGradient).toBeLessThan(-30);
  expect(log10StateGradient).toBeGreaterThan(-40);
});

test("a gradient that vanishes altogether counts as the smallest number", async () => {
  expect((await norms(new Latch({ ...sizes, gain: 1e-6 }, new RandomStream(1)))(30)).log10StateGradient).toBeCloseTo(
    -149 * Math.log10(2),
    6,
  );
});

test("clipping bounds the parameters' gradient, and leaves a smaller one as it is", async () => {
  const model = new Latch({ ...sizes, gain: 1.5 }, new RandomStream(1));
  const { log10ParameterGradient, log10ClippedGradient } = await norms(model, 0.01)(30);
  expect(log10ParameterGradient).toBeGreaterThan(-1);
  expect(log10ClippedGradient).toBeCloseTo(-2, 3);
  const free = await norms(model, 1e6)(30);
  expect(free.log10ClippedGradient).toBeCloseTo(free.log10ParameterGradient, 5);
});

test("only the first step of a sequence tells its class", async () => {
  const { x, target } = latching(new RandomStream(1), 4, 64);
  const [values, classes] = [await x.data(), await target.data()];
  for (let i = 0; i < 64; i++) {
    expect(values[2 * i]).toBe(classes[i] === 1 ? 1 : -1);
    for (const time of [1, 2, 3]) expect(values[2 * (64 * time + i)]).toBe(0);
  }
  const ones = [...classes].filter((value) => value === 1).length;
  expect(Math.abs(ones - 32)).toBeLessThan(16); // four standard deviations
});

test.each([
  [1, 1],
  [-1, 0],
])("a network whose output is %d times the class reads a share of %d rightly", async (sign, share) => {
  const model = new Latch({ ...sizes, hidden: 1, gain: 0 }, new RandomStream(1));
  const { weightInput } = model.layer.weights[0].forward;
  weightInput.assign(tensor([[5, 0]])); // the sign of the class, and nothing of the noise
  model.head.weight.assign(tensor([[-5 * sign], [5 * sign]]));
  model.head.bias!.assign(zerosLike(model.head.bias!));
  expect(await accuracy(model, new RandomStream(3), { delay: 1, sequences: 64 })).toBe(share);
});

test.each(["rnn", "gru", "lstm"])(
  "a quick run of %s measures every distance, before and after training",
  async (cell) => {
    const { folder, result } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, cell },
      output: "quiet",
    });
    const lines = new MetricsLog(folder).read();
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(result.log10StateGradient).toBe(lines.at(-1)!["log10StateGradient"]);
    expect(lines.at(-1)!["log10TrainedStateGradient"]).not.toBe(result.log10StateGradient);
    expect(result.log10LargestClippedGradient).toBeLessThanOrEqual(1e-6);
  },
);
