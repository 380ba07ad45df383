import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { RandomStream, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { profiles } from "./stack.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(() => use(cpu()));

const plain = {
  initializer: "kaiming",
  layers: 10,
  width: 256,
  batch: 4,
  normalization: false,
  residual: false,
} as const;
const halved = Math.log10(Math.SQRT1_2);

test("ReLU takes half the variance of signal and gradient, which Kaiming's gain gives back", async () => {
  // The mean over eight stacks: a single one fluctuates by about 0.1 at the tenth layer.
  const stacks = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => profiles(new RandomStream(seed), { ...plain, initializer: "xavier" })),
  );
  const meanOf = (figure: (relu: (typeof stacks)[number]["relu"]) => number) =>
    stacks.reduce((total, { relu }) => total + figure(relu), 0) / stacks.length;
  expect(meanOf(({ signal }) => signal[0]!)).toBeCloseTo(halved, 1);
  expect(Math.abs(meanOf(({ signal }) => signal[9]!) - 10 * halved)).toBeLessThan(0.1);
  expect(Math.abs(meanOf(({ gradient }) => gradient[0]!) - 9 * halved)).toBeLessThan(0.1);
  const { relu } = stacks[0]!;
  expect(relu.gradient[9]).toBe(0); // the one that comes in
  expect((await profiles(new RandomStream(1), plain)).relu.signal[9]! - 10 * Math.log10(Math.SQRT2)).toBeCloseTo(
    relu.signal[9]!,
    5,
  );
});

test("signals far below the smallest square still count", async () => {
  const { sigmoid } = await profiles(new RandomStream(1), { ...plain, initializer: "small", layers: 120, width: 8 });
  expect(sigmoid.gradient[0]).toBeLessThan(-200);
  expect(sigmoid.gradient[0]).toBeGreaterThan(-400);
});

test("a residual adds the input, and normalization makes a layer blind to its size", async () => {
  const residual = await profiles(new RandomStream(1), { ...plain, initializer: "small", width: 4, residual: true });
  expect(residual.tanh.signal[9]).toBeCloseTo(0, 1);
  expect(residual.tanh.gradient[0]).toBeCloseTo(0, 1);
  const { relu } = await profiles(new RandomStream(1), { ...plain, normalization: true });
  expect(relu.signal[9]).toBeCloseTo(0, 1);
});

test("a quick run measures every layer, and its result is the end of both ways", async () => {
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick, output: "quiet" });
  const layers = new MetricsLog(folder).read();
  expect(layers.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(result.reluSignal).toBe(layers.at(-1)!["reluSignal"]);
  expect(result.reluGradient).toBe(layers[0]!["reluGradient"]);
  expect(result.sigmoidGradient).toBeLessThan(-5);
});
