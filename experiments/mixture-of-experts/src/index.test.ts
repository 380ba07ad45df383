import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { tensor, use } from "@ansatz/core";
import { CharacterTokenizer } from "@ansatz/data";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { loadFigures } from "./load-figures.ts";
import { Specialists } from "./specialists.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test.each([{}, { experts: 1 }, { capacity: 1 }])("a quick run with %j learns", async (settings) => {
  const { folder, result } = await runExperiment(experiment, {
    runs,
    settings: { ...experiment.quick, ...settings },
    output: "quiet",
  });
  const metrics = new MetricsLog(folder).read();
  expect(metrics.at(-1)!["loss"]!).toBeLessThan(metrics[0]!["loss"]! - 0.5);
  expect("informationOfCharacter" in result).toBe(!("experts" in settings));
  expect("largestLoad" in metrics[0]!).toBe(!("experts" in settings));
});

test("loads are in equal shares, as a mean over the layers", async () => {
  const layer = (load: readonly number[], dropped: number) =>
    ({ load: tensor([...load]), dropped: tensor(dropped) }) as Parameters<typeof loadFigures>[0][0];
  const figures = loadFigures([layer([0.5, 0.5, 0, 0], 0.5), layer([0.25, 0.25, 0.25, 0.25], 0)]);
  expect(await figures.largestLoad.item()).toBeCloseTo(1.5, 6);
  expect(await figures.smallestLoad.item()).toBeCloseTo(0.5, 6);
  expect(await figures.loadEntropy.item()).toBeCloseTo(0.75, 6); // half and all of log 4
  expect(await figures.dropped.item()).toBeCloseTo(0.25, 6);
});

test("a character that decides its expert says all about it, and one that doesn't nothing", () => {
  const tokenizer = new CharacterTokenizer("ab");
  const [a, b] = [tokenizer.encode("a")[0]!, tokenizer.encode("b")[0]!];
  const decided = new Specialists(2, tokenizer);
  decided.count(Int32Array.of(a, b, b, b), Int32Array.of(0, 1, 1, 1));
  expect(decided.figures().informationOfCharacter).toBeCloseTo(1, 12);
  expect(decided.figures().largestLoadInEvaluation).toBeCloseTo(1.5, 12);
  expect(decided.describe()).toBe(
    'expert 0: 25 % of the characters: "a" 100 %\nexpert 1: 75 % of the characters: "b" 100 %',
  );
  const random = new Specialists(2, tokenizer);
  random.count(Int32Array.of(a, b, a, b), Int32Array.of(0, 0, 1, 1));
  expect(random.figures().informationOfCharacter).toBeCloseTo(0, 12);
});
