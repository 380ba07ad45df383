import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { integers, key, RandomStream, use } from "@ansatz/core";
import { Columns } from "@ansatz/data";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import experiment from "./index.ts";
import { judged, judgedByRule, overlap } from "./judged.ts";
import { NameFinder } from "./name-finder.ts";
import { sentences, spanOf } from "./sentences.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

describe("sentences", () => {
  test("the name is the first proper nouns in a row, to the end of the sentence if need be", () => {
    const words = ["She", "saw", "Captain", "Ahab"];
    expect(spanOf({ words, tags: ["pps", "vbd", "np-tl", "np"] })).toEqual([2, 3]);
    expect(spanOf({ words, tags: ["np", "vbd", "np-tl", "np"] })).toEqual([0, 0]);
    expect(spanOf({ words, tags: ["pps", "vbd", "nn", "nn"] })).toBeUndefined();
  });

  test("those to learn from and those to judge by come from other texts, and each span is inside its sentence", () => {
    const { training, unseen, vocabularySize } = sentences({ shortest: 5, longest: 12, leastCount: 10 });
    expect(training.length).toBeGreaterThan(5 * unseen.length);
    expect(unseen.length).toBeGreaterThan(300);
    for (const { columns, length } of [training, unseen])
      for (let i = 0; i < length; i++) {
        const [words, [first, last]] = [columns.lengths.data[i]!, [...columns.span.data.subarray(2 * i, 2 * i + 2)]];
        expect(words).toBeGreaterThanOrEqual(5);
        expect(words).toBeLessThanOrEqual(12);
        expect(first).toBeLessThanOrEqual(last!);
        expect(last).toBeLessThan(words);
        const padding = columns.words.data.subarray(12 * i + words, 12 * (i + 1));
        expect(padding.every((token) => token === 0)).toBe(true);
      }
    expect(Math.max(...training.columns.words.data)).toBe(vocabularySize - 1);
  });
});

/** Three sentences of at most five words; 0 is the unknown word. */
const three = new Columns({
  words: { data: Int32Array.of(1, 0, 0, 2, 9, /**/ 0, 2, 3, 0, 0, /**/ 1, 2, 3, 0, 0), shape: [5] },
  lengths: { data: Int32Array.of(5, 3, 5) },
  span: { data: Int32Array.of(1, 2, /**/ 0, 1, /**/ 3, 4), shape: [2] },
});

test("the rule takes the first unknown words, and no padding", () => {
  expect(judgedByRule(three)).toBeCloseTo(2 / 3, 10); // the second name has a word that is known
});

test("names count as right with both ends, and overlap is F1 of words", async () => {
  const model = new NameFinder(10, { hidden: 4, random: new RandomStream(key(1)) });
  const says = (spans: number[][]) => {
    model.find = () => integers(spans);
    return judged(model, three, 1);
  };
  const right = { exactlyRight: 1, exactlyRightGreedy: 1, overlap: 1 };
  expect(await says([[1, 2], [0, 1], [3, 4]])).toEqual(right); // prettier-ignore
  const half = await says([[1, 3], [1, 1], [0, 2]]); // prettier-ignore
  expect(half.exactlyRight).toBe(0);
  expect(half.overlap).toBeCloseTo((4 / 5 + 2 / 3 + 0) / 3, 10);
  expect(overlap([0, 0], [3, 4])).toBe(0);
});

test("all spans that can be said are spans of the sentence, by any number of beams", async () => {
  const model = new NameFinder(10, { hidden: 4, random: new RandomStream(key(2)) });
  const { words, lengths } = three.batch(Int32Array.of(0, 1, 2));
  for (const beams of [1, 3, 100]) {
    const found = (await model.find(words, lengths, beams).array()) as number[][];
    for (const [i, [first, last]] of found.entries()) {
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last).toBeGreaterThanOrEqual(first!);
      expect(last).toBeLessThan(three.columns.lengths.data[i]!);
    }
  }
});

test("shortest sentences above the longest are refused", async () => {
  const settings = { ...experiment.quick, shortest: 9 };
  const run = runExperiment(experiment, { runs, settings, output: "quiet" });
  await expect(run).rejects.toThrow("shortest is 9 but longest is 8");
});

test.each([
  ["pointing", {}],
  ["pointing after an LSTM", { encoder: "lstm" }],
  ["classes with attention", { answer: "classes with attention" }],
  ["classes", { answer: "classes" }],
])("a quick run learns by %s", async (_name, own) => {
  const settings = { ...experiment.quick, ...own };
  const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const losses = new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  const last = losses.slice(-10).reduce((a, b) => a + b) / 10;
  expect(last).toBeLessThan(losses[0]! - 0.4);
  expect(result.overlap).toBeGreaterThan(0.3);
});
