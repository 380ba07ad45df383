import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use, type TensorData } from "@ansatz/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runExperiment } from "../experiment/run-experiment.ts";
import { folders, printing } from "../experiment/testing.ts";
import small from "../testing/small-experiment.ts";
import { run } from "./diff-command.ts";
import { diffRuns } from "./diff-runs.ts";
import { differenceOf } from "./tensor-difference.ts";

const newFolder = folders();
const printed = printing("log", "error");
afterAll(() => void (process.exitCode = 0));

describe("differenceOf", () => {
  const tensor = (data: TensorData["data"], dtype: TensorData["dtype"], shape = [data.length]) =>
    ({ data, dtype, shape }) as TensorData;
  const float32 = (...values: number[]) => tensor(new Float32Array(values), "float32");

  test("gives the largest absolute and relative difference, ULPs, and the first element that differs", () => {
    // The neighbours of 1 in float32 are 1 + 2⁻²³ and 1 − 2⁻²⁴ (IEEE 754).
    const a = tensor(new Float32Array([0, 1, 1, 1000]), "float32", [2, 2]);
    const b = tensor(new Float32Array([0, 1 + 2 ** -23, 1 - 2 ** -23, 1001]), "float32", [2, 2]);
    expect(differenceOf(a, b)).toEqual({
      elements: 3,
      of: 4,
      absolute: 1,
      relative: 1 / 1001,
      ulps: 2 ** 14, // between 512 and 1024 a step is 2⁻¹⁴
      first: [0, 1],
    });
    expect(differenceOf(float32(1), float32(1 - 2 ** -23))?.ulps).toBe(2);
    expect(differenceOf(float32(-(2 ** -149)), float32(2 ** -149))?.ulps).toBe(3); // −0 and 0 lie between
    expect(differenceOf(float32(0), float32(-0))).toMatchObject({ absolute: 0, ulps: 1 });
    const double = tensor(new Float64Array([1, 2]), "float64");
    expect(differenceOf(double, tensor(new Float64Array([1, 2 + 2 ** -51]), "float64"))?.ulps).toBe(1);
    const whole = tensor(new Int32Array([3]), "int32");
    expect(differenceOf(whole, tensor(new Int32Array([5]), "int32"))).toMatchObject({ absolute: 2, ulps: null });
  });

  test("NaN equals NaN, and is infinitely far from any number", () => {
    expect(differenceOf(float32(NaN, Infinity), float32(NaN, Infinity))).toBeUndefined();
    expect(differenceOf(float32(NaN), float32(1))).toMatchObject({ absolute: Infinity, ulps: Infinity });
  });
});

describe("ansatz diff", () => {
  let [one, again, other, later]: string[] = [];
  beforeAll(async () => {
    await use(cpu());
    [one, again, other, later] = [newFolder(), newFolder(), newFolder(), newFolder()];
    const start = (folder: string, settings: Readonly<Record<string, number>>) =>
      runExperiment(small, { folder, settings: { steps: 6, saveEvery: 3, ...settings }, output: "none", keep: 5 });
    await start(one, {});
    await start(again!, {});
    await start(other!, { learningRate: 0.051 });
    await start(later!, { saveEvery: 5, steps: 5 });
  }, 60_000);

  test("finds nothing in two runs of the same settings, whose rates differ", async () => {
    const difference = await diffRuns([one!, again!]);
    expect(difference).toMatchObject({ settings: [], source: [], environment: [], logged: null, equal: true });
    expect(difference.checkpoints).toEqual({
      steps: [
        [3, 6],
        [3, 6],
      ],
      equal: [3, 6],
      parts: null,
    });
    await run([one!, again!]);
    expect(process.exitCode).toBe(0);
    expect(printed.at(-1)).toBe("what they logged is equal\nthe checkpoints of step 3, 6 are equal\nno number differs");
  });

  test("names the setting, the first metric that differs, and tensors in the order of the model", async () => {
    const { settings, logged, checkpoints, equal } = await diffRuns([one!, other!]);
    expect(settings).toEqual([{ name: "learningRate", values: ["0.05", "0.051"] }]);
    // The first update is made with another rate, so the loss of the second step is the first to differ.
    expect(logged).toMatchObject({ step: 2, metric: "loss" });
    expect(checkpoints.parts?.step).toBe(3);
    const paths = checkpoints.parts!.values.map(({ path }) => path);
    expect(paths.slice(0, 4)).toEqual([
      "model.hidden.weight",
      "model.hidden.bias",
      "model.output.weight",
      "model.output.bias",
    ]);
    expect(checkpoints.parts!.values[0]).toMatchObject({ kind: "tensor", of: 8 });
    expect(paths).not.toContain("random.counter"); // drawn as often in both
    expect(equal).toBe(false);
    await run([one!, other!, "--json"]);
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(printed.at(-1)!)).toMatchObject({ equal: false, logged: { step: 2 } });
    await run([one!, other!]);
    expect(printed.at(-1)).toMatch(/they part at step 2, in loss: [\d.]+ and [\d.]+\n/);
    expect(printed.at(-1)).toMatch(/ {2}model\.hidden\.weight +[\d.e-]+ +[\d.e-]+ +\d+ +\d of 8, first at \[\d, \d\]/);
  });

  test("says which checkpoints there are if none is of the same step, and where a run ends", async () => {
    await run([one!, later!]);
    expect(printed.at(-1)).toContain("the first has those of steps 3, 6, and the second has those of steps 5");
    const { logged } = await diffRuns([one!, later!], { ignored: ["sumOfWeights"] });
    expect(logged).toMatchObject({ step: 6, metric: "loss", values: [expect.any(Number), null] });
  });

  test("refuses a folder that isn't a run's, with status 2, and reads a run without checkpoints", async () => {
    await run([one!, newFolder()]);
    expect([process.exitCode, printed.at(-1)]).toEqual([2, expect.stringContaining("isn't the folder of a run")]);
    const bare = newFolder();
    cpSync(again!, bare, { recursive: true });
    for (const name of ["step-3.safetensors", "step-6.safetensors", "step-3.json", "checkpoint.json"])
      rmSync(join(bare, name));
    await run([one!, bare]);
    expect(printed.at(-1)).toContain("and the second has none");
  });
});
