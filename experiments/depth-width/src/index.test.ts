import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { RandomStream, tensor, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { TransformerLM } from "@ansatz/nn";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { parametersOf, RepeatedTransformer, widthFor } from "./model.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const shape = { characters: 11, context: 6, heads: 2, layers: 2 };
const tokens = tensor(
  [
    [1, 2, 3],
    [4, 5, 0],
  ],
  { dtype: "int32" },
);

const blockParameters = (model: RepeatedTransformer): number =>
  model.blocks.reduce((total, block) => total + block.parameterCount(), 0);

test("gone through once, it is the library's model: its scores and its number of weights", async () => {
  const model = new RepeatedTransformer(shape, { width: 8, times: 1, random: new RandomStream(1) });
  const library = new TransformerLM({ ...shape, vocabularySize: 11, width: 8, random: 2 });
  library.loadStateDict(await model.stateDict());
  expect(await model.forward(tokens).array()).toEqual(await library.forward(tokens).array());
  expect(blockParameters(model)).toBe(parametersOf(shape, 8));
});

test("gone through twice, it is a model of twice the layers with the same weights in both halves", async () => {
  const model = new RepeatedTransformer(shape, { width: 8, times: 2, random: new RandomStream(1) });
  const library = new TransformerLM({ ...shape, layers: 4, vocabularySize: 11, width: 8, random: 2 });
  const state = await model.stateDict();
  const again = Object.entries(state).flatMap(([name, value]) =>
    name.startsWith("blocks.") ? [[name.replace(/\d/, (place) => (Number(place) + 2).toString()), value] as const] : [],
  );
  library.loadStateDict({ ...state, ...Object.fromEntries(again) });
  expect(await model.forward(tokens).array()).toEqual(await library.forward(tokens).array());
  expect(blockParameters(model)).toBe(parametersOf(shape, 8));
});

test("the width is the largest that fits", () => {
  const width = widthFor(shape, 5_000);
  expect(width % 2).toBe(0);
  expect(parametersOf(shape, width)).toBeLessThanOrEqual(5_000);
  expect(parametersOf(shape, width + 2)).toBeGreaterThan(5_000);
  expect(() => widthFor(shape, 10)).toThrow(/2 blocks do not fit into 10 parameters/);
});

test.each([{}, { times: 3 }])(
  "a quick run with %j learns, and has at most the weights that it is allowed",
  async (settings) => {
    const { folder, result } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, ...settings },
      output: "quiet",
    });
    const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
    expect(result.parameters).toBeLessThanOrEqual(6_000);
    expect(result.parameters).toBeGreaterThan(4_000);
  },
);
