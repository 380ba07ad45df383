import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { exp, RandomStream, sum, tensor, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import experiment from "./index.ts";
import { Sorter } from "./sorter.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const numbers = tensor([
  [0.3, 0.1, 0.2],
  [0.9, 0.8, 0.7],
]);

describe.each([true, false])("a sorter, pointing: %s", (pointing) => {
  const sorter = new Sorter({ hidden: 8, longest: 3, pointing }, new RandomStream(1));

  test("says probabilities of places, step by step, and takes the likeliest", async () => {
    const { logProbabilities, places } = sorter.forward(numbers);
    expect([logProbabilities.shape, places.shape, places.dtype]).toEqual([[2, 3, 3], [2, 3], "int32"]);
    for (const total of await sum(exp(logProbabilities), -1).data()) expect(total).toBeCloseTo(1, 5);
    const [said, taken] = [(await logProbabilities.array()) as number[][][], (await places.array()) as number[][]];
    for (const [i, list] of said.entries())
      for (const [step, row] of list.entries()) expect(taken[i]![step]).toBe(row.indexOf(Math.max(...row)));
  });

  test("told the order, a step depends on the numbers before it and on none after", async () => {
    const told = async (changed: number[][]) =>
      (await sorter.forward(numbers, tensor(changed, { dtype: "int32" })).logProbabilities.array()) as number[][][];
    const [first, second] = [
      await told([
        [1, 2, 0],
        [2, 1, 0],
      ]),
      await told([
        [1, 0, 2],
        [2, 1, 0],
      ]),
    ];
    expect(second[0]!.slice(0, 2)).toEqual(first[0]!.slice(0, 2)); // the second place is read at the third step
    expect(second[0]![2]).not.toEqual(first[0]![2]);
    expect(second[1]).toEqual(first[1]);
  });
});

test.each([
  [true, 5],
  [false, 2],
])("pointing takes lists of any length, choosing among places shorter ones, too: %s, %d", async (pointing, length) => {
  const sorter = new Sorter({ hidden: 4, longest: 3, pointing }, new RandomStream(1));
  const { logProbabilities } = sorter.forward(tensor([Array.from({ length }, (_, i) => i)]));
  expect(logProbabilities.shape).toEqual([1, length, length]);
  for (const total of await sum(exp(logProbabilities), -1).data()) expect(total).toBeCloseTo(1, 5);
});

test("a quick run learns more than chance", async () => {
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick!, output: "quiet" });
  const losses = new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
  expect(result.rightPlaces).toBeGreaterThan(0.55); // five twelfths by chance
});
