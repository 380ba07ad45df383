import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { RandomStream, tensor, use, type Tensor } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { measure } from "./measure.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(() => use(cpu()));

/** The mean or median of each figure, on the host. */
async function figures(largestWidth: number, keys: number, width: number, scale: number) {
  const measured = measure(
    new RandomStream(1),
    { largestWidth, queries: 1_000, keys },
    tensor(width, { dtype: "int32" }),
    tensor(scale),
  );
  return Object.fromEntries(
    await Promise.all(
      Object.entries(measured).map(async ([name, value]: [string, Tensor]) => [name, await value.item()] as const),
    ),
  ) as Record<keyof typeof measured, number>;
}

test("where all logits are 0, weights are even, and the gradient is that of even weights", async () => {
  const { logitVariance, entropy, largestWeight, logitGradient, queryGradient } = await figures(8, 16, 8, 0);
  expect(logitVariance).toBe(0);
  expect(entropy).toBeCloseTo(Math.log(16), 5);
  expect(largestWeight).toBeCloseTo(1 / 16, 6);
  expect(queryGradient).toBe(0);
  // ‖wanted − its mean‖ / keys; the square of that norm is χ² with 15 degrees of freedom, whose median is 14.339.
  expect(logitGradient).toBeCloseTo(Math.sqrt(14.339) / 16, 2);
});

test("only the features up to the width count", async () => {
  const { logitVariance, logitGradient, queryGradient } = await figures(128, 500, 64, 1e-3);
  expect(logitVariance).toBeCloseTo(64e-6, 5);
  // ∂/∂q = scale · Σ k ∂/∂logits, with keys that have nothing to do with it: √64 · scale · ‖∂/∂logits‖.
  expect(queryGradient / logitGradient).toBeCloseTo(8e-3, 3);
});

test("a quick run measures every width, and without the scale the variance grows with it", async () => {
  const runWith = async (scaled: boolean) => {
    const { folder, result } = await runExperiment(experiment, {
      runs,
      settings: { ...experiment.quick, scaled },
      output: "quiet",
    });
    return { metrics: new MetricsLog(folder).read(), result };
  };
  const [scaled, unscaled] = [await runWith(true), await runWith(false)];
  expect(scaled.metrics.map(({ step }) => step)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  expect(unscaled.metrics.at(-1)!["logitVariance"]! / scaled.metrics.at(-1)!["logitVariance"]!).toBeCloseTo(32, 3);
  expect(unscaled.result.entropyOffset).toBeLessThan(scaled.result.entropyOffset - 1);
});
