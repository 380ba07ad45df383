import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attentions } from "./attentions.ts";
import experiment from "./index.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const run = async (settings: object): Promise<number[]> => {
  const { folder, result } = await runExperiment(experiment, {
    runs,
    settings: { ...experiment.quick, ...settings },
    output: "quiet",
  });
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
  expect(result.validationLoss).toBeLessThan(losses[0]! - 0.5);
  return losses;
};

test("a quick run of each attention learns, and each computes something else", async () => {
  const all = [];
  for (const attention of attentions) all.push(await run({ attention }));
  for (const [i, losses] of all.entries())
    for (const others of all.slice(i + 1)) expect(losses.at(-1)).not.toBeCloseTo(others.at(-1)!, 5);
});

test("the window, its sinks and the number of drawn features make a difference", async () => {
  const [plain, sinks, wide] = [
    await run({ attention: "local" }),
    await run({ attention: "local", sinks: 4 }),
    await run({ attention: "local", window: 32 }),
  ];
  expect(sinks).not.toEqual(plain);
  for (const [i, loss] of (await run({})).entries()) expect(wide[i]).toBeCloseTo(loss, 3); // all of the context
  const [once, often] = [await run({ attention: "performer" }), await run({ attention: "performer", redrawEvery: 10 })];
  expect(often.slice(0, 9)).toEqual(once.slice(0, 9));
  expect(often.at(-1)).not.toBe(once.at(-1));
});
