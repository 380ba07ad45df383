import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { mean, RandomStream, ShapeError, square, use, variance, zeros } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { TransformerLM, type PositionFactory } from "@ansatz/nn";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { encodings } from "./positions.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const sizes = { vocabularySize: 9, width: 32, layers: 2, heads: 4 };
const modelWith = (positions: string, context: number) =>
  new TransformerLM({ ...sizes, context, positions: encodings[positions]!, random: new RandomStream(1) });
const tokens = (time: number) => zeros([1, time], { dtype: "int32" });

test("sinusoids start with about the variance of the embeddings", async () => {
  const layer = (encodings["sinusoidal"] as PositionFactory)(64, {} as Parameters<PositionFactory>[1]);
  const waves = layer.forward(zeros([1, 1_000, 64]));
  expect((await mean(square(waves)).item()) / 0.02 ** 2).toBeCloseTo(1, 4);
  expect(await variance(waves).item()).toBeGreaterThan(0);
});

test("all encodings cost the same weights, and learned ones a row for each position more", () => {
  const counts = Object.fromEntries(Object.keys(encodings).map((name) => [name, modelWith(name, 16).parameterCount()]));
  const { learned, ...others } = counts;
  expect(new Set(Object.values(others)).size).toBe(1);
  expect(learned! - others["none"]!).toBe(16 * sizes.width);
});

test("learned positions cannot read past their context", () => {
  expect(() => modelWith("learned", 4).forward(tokens(5))).toThrow(ShapeError);
});

// All tokens are alike, so that only positions tell their places apart.
test.each(Object.keys(encodings))(
  "%s: the last scores depend on the length only if positions add something",
  async (name) => {
    const model = modelWith(name, 8);
    const last = async (time: number) => ((await model.forward(tokens(time)).array()) as number[][][])[0]!.at(-1)!;
    const [two, eight] = [await last(2), await last(8)];
    const apart = Math.max(...two.map((score, i) => Math.abs(score - eight[i]!)));
    if (name === "sinusoidal" || name === "learned") expect(apart).toBeGreaterThan(1e-4);
    else expect(apart).toBeLessThan(1e-6); // rotary and ALiBi change weights of values that are all alike
  },
);

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns, and is judged at each length on the same text",
  async (name, own) => {
    const settings = { ...own, ...experiment.quick, ...(name === "sinusoidalOfTwice" && { trained: 32 }) };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    const lines = new MetricsLog(folder).read();
    expect(lines.map(({ step }) => step)).toEqual([8, 16, 20, 24, 32, 64, 128]);
    expect(result.inside).toBe(lines.find(({ step }) => step === (name === "sinusoidalOfTwice" ? 32 : 16))!["loss"]);
    expect(result.longest).toBe(lines.at(-1)!["loss"]);
    expect(result.inside).toBeLessThan(Math.log(80) - 0.5);
    expect(found).not.toContain(result.inside);
    found.push(result.inside);
  },
);

test("a trained length that is not evaluated is refused", async () => {
  const settings = { ...experiment.quick, trained: 17 };
  await expect(runExperiment(experiment, { runs, settings, output: "quiet" })).rejects.toThrow(
    "positions: trained on 17 characters, but evaluated on 8, 16, 20",
  );
});
