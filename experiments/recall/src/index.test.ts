import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, key, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { mixers } from "./mixers.ts";
import { recallProblems } from "./problems.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test("each problem has pairs with different keys, then each key once, and the answers are their values", async () => {
  const { input, answers } = recallProblems(key(1), { batch: 50, pairs: 5, vocabulary: 7 });
  const [rows, wanted] = [(await input.array()) as number[][], (await answers.array()) as number[][]];
  for (const [i, row] of rows.entries()) {
    const told = new Map(Array.from({ length: 5 }, (_, pair) => [row[2 * pair]!, row[2 * pair + 1]!]));
    expect([...told.keys()].every((own) => own >= 0 && own < 7)).toBe(true);
    expect([...told.values()].every((value) => value >= 7 && value < 14)).toBe(true);
    const asked = row.slice(10);
    expect([...asked].sort()).toEqual([...told.keys()].sort());
    expect(wanted[i]).toEqual(asked.map((own) => told.get(own)));
  }
  expect(new Set(rows.map((row) => row.join())).size).toBe(50);
  expect(rows.some((row) => row.slice(10).some((asked, pair) => asked !== row[2 * pair]))).toBe(true);
  expect(new Set(rows.flat()).size).toBe(14);
});

test("more pairs than keys are refused", () => {
  expect(() => recallProblems(key(1), { batch: 1, pairs: 3, vocabulary: 2 })).toThrow(ArgumentError);
});

test("a state that does not divide the width is refused", () => {
  const make = (state: number) => () => mixers["linearAttention"]!({ width: 16, heads: 2, state });
  expect(make(3)).toThrow("linearAttention: a state of 3 does not divide a width of 16");
  expect(make(4)).not.toThrow();
});

test.each(Object.keys(mixers))(
  "a quick run with %s learns to name values, and more often right than by chance",
  async (mixer) => {
    const { folder, result } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, mixer, learningRate: 1e-2 },
      output: "quiet",
    });
    const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
    expect(losses[0]).toBeCloseTo(Math.log(16), 0);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
    expect(result.accuracy).toBeGreaterThan(0.2); // an eighth by chance, half by naming one of those that were told
  },
);
