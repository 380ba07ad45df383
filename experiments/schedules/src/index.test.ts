import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { schedules } from "./schedules.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const options = { peak: 1, floor: 0.1, steps: 80, warmupSteps: 10, cycles: 2 };

test.each([
  ["constant", [1, 1, 1, 1, 1]],
  ["warmup", [0, 1, 1, 1, 1]],
  ["cosine", [0, 1, 0.55, 0.1, 0.1]],
  ["linear", [0, 1, 0.55, 0.1, 0.1]],
  ["cyclic", [0.1, 0.55, 0.325, 0.1, 1]],
])("%s has its rates at steps 0, 10, 45, 80 and 100", (name, rates) => {
  const schedule = schedules[name]!(options);
  expect([0, 10, 45, 80, 100].map((step) => Number(schedule(step).toFixed(6)))).toEqual(rates);
});

test.each(Object.keys(schedules))("a quick run with %s learns at the rates that it logs", async (schedule) => {
  const { folder, result } = await runExperiment(experiment, {
    runs,
    settings: { ...experiment.quick, schedule },
    output: "quiet",
  });
  const lines = new MetricsLog(folder).read();
  const expected = schedules[schedule]!({ peak: 8e-3, floor: 0.1, steps: 40, warmupSteps: 8, cycles: 4 });
  expect(lines.map(({ learningRate }) => learningRate)).toEqual(Array.from({ length: 40 }, (_, i) => expected(i)));
  expect(lines.at(-1)!["loss"]).toBeLessThan(lines[0]!["loss"]! - 0.5);
  expect(result.validationLoss).toBeLessThan(lines[0]!["loss"]! - 0.5);
});
