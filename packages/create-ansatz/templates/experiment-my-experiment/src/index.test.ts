import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, expect, test } from "vitest";
import experiment from "./index.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));

test("a quick run learns something", async () => {
  await use(cpu());
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick, output: "quiet" });
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  expect(result.largestError).toBeGreaterThan(0);
}, 60_000);
