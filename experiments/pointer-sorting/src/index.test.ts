import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test("shortest lists above the longest are refused", async () => {
  const settings = { ...experiment.quick, shortest: 4 };
  const run = runExperiment(experiment, { runs, settings, output: "quiet" });
  await expect(run).rejects.toThrow("shortest is 4 but longest is 3");
});

test.each([
  ["pointing at a set", {}],
  ["pointing at a sequence", experiment.baselines["sequence"]!],
  ["classes with attention", experiment.baselines["attention"]!],
  ["classes", experiment.baselines["classes"]!],
])("a quick run learns more than chance by %s", async (_name, own) => {
  const settings = { ...experiment.quick, ...own };
  const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const losses = new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
  expect(result.rightPlaces).toBeGreaterThan(0.55); // five twelfths by chance
  // Only pointing can answer at other lengths, and there too it says each place once.
  expect(readFileSync(join(folder, "lengths.svg"), "utf8")).toContain("right places");
  expect("rightPlacesAtTwiceTheLength" in result).toBe(!("answer" in own));
});
