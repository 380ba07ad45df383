import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { key, RandomStream, use, zeros } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDigits } from "./digits.ts";
import experiment from "./index.ts";
import { makeModel } from "./model.ts";
import { Stopwatch } from "./stopwatch.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

async function run(settings: Readonly<Record<string, string | number>>) {
  const { folder, result } = await runExperiment(experiment, {
    runs,
    settings: { ...experiment.quick, ...settings },
    output: "quiet",
  });
  const metrics = new MetricsLog(folder).read();
  return {
    result,
    losses: metrics.flatMap(({ loss }) => loss ?? []),
    validations: metrics.flatMap(({ validationLoss }) => validationLoss ?? []),
  };
}

test("each regulariser trains another network than none, and every one learns", async () => {
  const none = await run({ regulariser: "none" });
  expect(none.result.testAccuracy).toBeGreaterThan(0.2); // a tenth by guessing
  const choices = experiment.settings["regulariser"]!.choices!.filter(
    (name) => name !== "none" && name !== "earlyStopping",
  );
  expect(choices).toHaveLength(7);
  for (const regulariser of choices) {
    const { losses, result } = await run({ regulariser, ...(regulariser === "decay" && { strength: 50 }) });
    expect(losses, regulariser).not.toEqual(none.losses);
    expect(result.testAccuracy, regulariser).toBeGreaterThan(0.15);
  }
});

test("early stopping stops when validation has not got better for as long as its patience is", async () => {
  const settings = { validationEvery: 2, steps: 60, learningRate: 0.05 };
  const [whole, stopped] = [
    await run({ ...settings, regulariser: "earlyStopping", patience: 1_000 }),
    await run({ ...settings, regulariser: "earlyStopping" }),
  ];
  expect(stopped.losses.length).toBeLessThan(60);
  expect(stopped.losses).toEqual(whole.losses.slice(0, stopped.losses.length));
  const best = stopped.validations.indexOf(Math.min(...stopped.validations));
  expect(best).toBe(stopped.validations.length - 1 - 3); // the patience
});

test("the convolutional network learns, and has no layer for stochastic depth to drop", async () => {
  const { losses } = await run({ model: "cnn", steps: 10 });
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  expect(() =>
    makeModel({ kind: "cnn", regulariser: "stochasticDepth", probability: 0.5, random: new RandomStream(1) }),
  ).toThrow(/cnn has none/);
});

test("the networks have LeCun's shape and the parameters of their description", () => {
  const options = { regulariser: "none", probability: 0, random: new RandomStream(1) };
  const [mlp, cnn] = [makeModel({ ...options, kind: "mlp" }), makeModel({ ...options, kind: "cnn" })];
  expect(mlp.parameterCount()).toBe(784 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10);
  expect(cnn.parameterCount()).toBe(16 * 25 + 16 + 32 * 16 * 25 + 32 + 512 * 128 + 128 + 128 * 10 + 10);
  for (const model of [mlp, cnn]) expect(model.forward(zeros([3, 1, 28, 28])).shape).toEqual([3, 10]);
});

const few = { examples: 1_000, validationDecides: false, shuffle: key(1) };

test("seeds learn from other images, none of which are validated on", async () => {
  const labels = async (seed: number) => [
    ...(await (await readDigits({ ...few, batch: 1_000, seed }).training.next()).label.data()),
  ];
  expect(await labels(1)).not.toEqual(await labels(2));
  const { training, validation, test } = readDigits({ ...few, examples: 58_000, batch: 256, seed: 3 });
  expect([training.dataset.length, validation.dataset.length, test.dataset.length]).toEqual([58_000, 2_000, 10_000]);
});

test("where validation decides, it reads a tenth of the examples, and the rest is learned from", async () => {
  const images = async (loader: ReturnType<typeof readDigits>["training"]) => {
    const { image } = await loader.dataset.batch(
      Int32Array.from({ length: loader.dataset.length }, (_, i) => i),
      key(1),
    );
    const pixels = await image.data();
    return Array.from({ length: image.shape[0]! }, (_, i) => pixels.slice(784 * i, 784 * (i + 1)).join());
  };
  const [control, stopping] = [
    readDigits({ ...few, seed: 2, batch: 64 }),
    readDigits({ ...few, seed: 2, batch: 64, validationDecides: true }),
  ];
  const [learned, validated] = [await images(stopping.training), await images(stopping.validation)];
  expect([learned.length, validated.length]).toEqual([900, 100]);
  expect([...learned, ...validated]).toEqual(await images(control.training));
});

test("a stopwatch resumes where it was saved, and stands still once it is stopped", () => {
  const watch = new Stopwatch();
  watch.loadStateDict({ seconds: 100 });
  expect(watch.seconds).toBeGreaterThanOrEqual(100);
  expect(watch.stateDict().seconds).toBeLessThan(160);
  watch.stop();
  const { seconds } = watch;
  expect(watch.seconds).toBe(seconds);
});
