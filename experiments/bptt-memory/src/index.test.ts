import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { peakMemory } from "./peak-memory.ts";
import { bptt } from "./training.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

test("with checkpoints loss and gradients are those without", async () => {
  const sizes = { root: 6, hidden: 5, batch: 3, seed: 2 };
  const [kept, again] = [
    await bptt({ ...sizes, checkpointed: false })(),
    await bptt({ ...sizes, checkpointed: true })(),
  ];
  expect(again.loss).toBeCloseTo(kept.loss, 6);
  expect(kept.gradients).toHaveLength(4);
  for (const [i, gradient] of kept.gradients.entries()) {
    const scale = Math.max(...gradient.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (const [j, value] of gradient.entries())
      expect(Math.abs(again.gradients[i]![j]! - value)).toBeLessThan(1e-5 * scale);
  }
});

test("a process needs much more memory for a long sequence whose states are all kept", async () => {
  const sizes = { hidden: 64, batch: 64, seed: 1 };
  const [short, kept, again] = [
    await peakMemory({ ...sizes, root: 2, checkpointed: false }),
    await peakMemory({ ...sizes, root: 20, checkpointed: false }),
    await peakMemory({ ...sizes, root: 20, checkpointed: true }),
  ];
  expect(short).toBeGreaterThan(50);
  // 400 steps keep at least four gates, the cell and the hidden state each.
  expect(kept - short).toBeGreaterThan((400 * 6 * 64 * 64 * 4) / 2 ** 20);
  expect(again - short).toBeLessThan((kept - short) / 2);
});

test("a quick run measures a few lengths", async () => {
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick, output: "quiet" });
  expect(new MetricsLog(folder).read().map(({ step }) => step)).toEqual([4, 8]);
  expect(Object.keys(result)).toEqual(["additionalMiB", "exponent", "root", "stateMiB"]);
});
