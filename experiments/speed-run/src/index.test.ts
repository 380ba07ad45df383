import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { key, normal, RandomStream, tensor, use, zeros } from "@ansatz/core";
import { MetricsLog, runExperiment, type Experiment } from "@ansatz/lab";
import { TransformerLM } from "@ansatz/nn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { latest, names, type Figures } from "./claims.ts";
import { Clock } from "./clock.ts";
import experiment from "./index.ts";
import type { Record } from "./record.ts";
import { records } from "./records/index.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const recordOf = (name: string): Record => records[name as keyof typeof records];
const modelOf = (name: string) =>
  new TransformerLM({ ...recordOf(name).model, vocabularySize: 9, random: new RandomStream(1) });
const characters = (values: number[]) => tensor([values], { dtype: "int32" });

test("every record is run, the latest as the experiment itself", () => {
  expect(experiment.settings["record"]!.default).toBe(latest);
  expect([...Object.keys(experiment.baselines), latest]).toEqual(names);
});

test("the README names every record with its updates", () => {
  const page = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const rows = [...page.matchAll(/^\| (\w+) +\| .* \| ([\d,]+) +\|$/gm)].map(([, name, updates]) => [name, updates]);
  expect(rows).toEqual(names.map((name) => [name, recordOf(name).steps.toLocaleString("en")]));
});

test.each(names)("%s: training lowers the loss, the clock runs, and no later character is seen", async (record) => {
  const { folder, result } = await runExperiment(experiment as unknown as Experiment<Figures>, {
    runs,
    settings: { record, share: 0.01 },
    output: "quiet",
  });
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss as number);
  expect(losses).toHaveLength(Math.ceil(0.01 * recordOf(record).steps));
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  expect(result.seconds).toBeGreaterThan(0);
  expect(result.validationLoss).toBeGreaterThan(1); // chance is ln 89 = 4.5
  const model = modelOf(record);
  await model.positions?.parameters()[0]!.assign(normal(key(1), model.positions.parameters()[0]!.shape));
  const first = async (last: number) =>
    ((await model.forward(characters([1, 2, last])).array()) as number[][][])[0]!.slice(0, 2);
  expect(await first(3)).toEqual(await first(4));
});

test("with a shift, the embedding before counts as its weights say", async () => {
  const layer = modelOf("shift").positions!;
  await layer.parameters()[0]!.assign(tensor(new Float32Array(128).fill(2)));
  const x = tensor(
    Float32Array.from({ length: 3 * 128 }, (_, i) => Math.floor(i / 128) + 1),
    { shape: [1, 3, 128] },
  );
  const sums = (await layer.forward(x).array()) as number[][][];
  expect(sums[0]!.map((row) => row[7])).toEqual([1, 2 + 2 * 1, 3 + 2 * 2]);
  expect(layer.forward(zeros([2, 5, 128])).shape).toEqual([2, 5, 128]);
});

test("a resumed clock adds to the seconds that were saved", async () => {
  const [clock, later] = [new Clock(), new Clock()];
  clock.tick();
  later.loadStateDict({ seconds: 100 });
  later.tick();
  expect(clock.stateDict().seconds).toBe(clock.seconds);
  expect(clock.seconds).toBeGreaterThan(0);
  expect(later.seconds - 100).toBeGreaterThan(0);
  expect(later.seconds).toBeLessThan(101);
});
