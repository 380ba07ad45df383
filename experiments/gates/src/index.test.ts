import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, key, RandomStream, tensor, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { cells, parametersOf, Recurring, widthFor } from "./model.ts";
import { pairEntropy, tasks } from "./tasks.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const names = Object.keys(tasks);
const taskOf = (name: string) => tasks[name]!({ length: 10, batch: 400, testBatches: 3 });

test.each(cells)(
  "a model of %s has the parameters that are counted, and one feature more would be too many",
  (cell) => {
    const sizes = { inputs: 7, outputs: 3 };
    const width = widthFor(cell, 1_000, sizes);
    const model = new Recurring(cell, 1_000, sizes, new RandomStream(1));
    expect(model.parameterCount()).toBe(parametersOf(cell, width, sizes));
    expect(model.parameterCount()).toBeLessThanOrEqual(1_000);
    expect(parametersOf(cell, width + 1, sizes)).toBeGreaterThan(1_000);
  },
);

test.each(names)("%s: all cells have equal parameters, within 4 %", (name) => {
  const { parameters } = experiment.settings;
  const counts = cells.map((cell) => {
    const most = parameters!.default as number;
    return new Recurring(cell, most, taskOf(name).sizes, new RandomStream(1)).parameterCount();
  });
  expect(Math.min(...counts) / Math.max(...counts)).toBeGreaterThan(0.96);
});

test("too few parameters are refused", () => {
  expect(() => widthFor("lstm", 10, { inputs: 7, outputs: 3 })).toThrow(ArgumentError);
});

test("always answering 1 has the error of the baseline of adding", async () => {
  const task = taskOf("adding");
  const { target } = task.batch(key(1));
  const outputs = tensor(new Float32Array(10 * 400).fill(1), { shape: [10, 400, 1] });
  expect(await task.loss(outputs, target).item()).toBeCloseTo(task.baseline, 1);
  expect(task.baseline).toBeCloseTo(1 / 6, 12);
});

test("only the last output counts in adding", async () => {
  const task = taskOf("adding");
  const { target } = task.batch(key(1));
  const values = new Float32Array(10 * 400).fill(9);
  values.set(await target.data(), 9 * 400);
  expect(await task.loss(tensor(values, { shape: [10, 400, 1] }), target).item()).toBe(0);
});

test("naming each of eight symbols in turn with equal weight has the loss of the baseline of copying", async () => {
  const task = taskOf("copying");
  const { input, target } = task.batch(key(1));
  expect(task.read(input).shape).toEqual([30, 400, 10]);
  const scores = new Float32Array(30 * 400 * 10).fill(-100);
  for (let i = 0; i < 30 * 400; i++)
    if (i < 20 * 400) scores[10 * i] = 100;
    else scores.fill(0, 10 * i + 2, 10 * i + 10);
  const loss = await task.loss(tensor(scores, { shape: [30, 400, 10] }), target).item();
  expect(loss).toBeCloseTo(task.baseline, 5);
  expect(task.baseline).toBeCloseTo((10 * Math.log(8)) / 30, 12);
});

test("the entropy of pairs: counts plus one, judged on another text", () => {
  // After 0 there were 1 and 1, after 1 there was 0: (1 + 2) / 4, (1 + 1) / 3 with both symbols counted once more.
  const expected = -(Math.log(3 / 4) + Math.log(2 / 3)) / 2;
  expect(pairEntropy(Int32Array.of(0, 1, 0, 1), Int32Array.of(0, 1, 0), 2)).toBeCloseTo(expected, 12);
});

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns",
  async (_name, own) => {
    const settings = { ...own, ...experiment.quick, learningRate: 1e-2 };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    const losses = new MetricsLog(folder).read().map((line) => Object.values(line)[1]!);
    expect(Math.min(...losses.slice(-10))).toBeLessThan(losses[0]!);
    expect(found).not.toContain(result["loss"]);
    found.push(result["loss"]!);
  },
);
