import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import experiment from "./index.ts";
import { attentions, type LayerOptions } from "./layers.ts";
import { peakBytes, plannedMemory } from "./planned-memory.ts";
import { errorOf } from "./training-step.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const sizes = { width: 16, heads: 2, block: 32, projected: 8, features: 8, orthogonal: true, window: 8, seed: 1 };
const options = (attention: string, length: number): LayerOptions => ({ ...sizes, attention, length });

test("the peak of a graph is that of the values that are still needed", () => {
  const node = (op: string, inputs: number[], size: number): GraphNode => ({
    op,
    inputs,
    attributes: {},
    shape: [size],
    dtype: "float32",
  });
  const nodes = [
    node("leaf", [], 1_000),
    node("exp", [0], 10), // needed by the fourth
    node("exp", [1], 100),
    node("reshape", [2], 100), // the same memory
    node("add", [1, 3], 10),
    node("exp", [4], 50),
  ];
  const graph: Graph = { nodes, inputs: [0], outputs: [5], updates: [] };
  expect(peakBytes(graph)).toBe(4 * (10 + 100 + 10));
  expect(peakBytes({ ...graph, outputs: [2, 5] })).toBe(4 * (100 + 10 + 50));
});

test("the planned memory of exact attention grows with the square, and of all others with the length", async () => {
  const backend = await onnx();
  for (const attention of attentions) {
    const ratio = plannedMemory(options(attention, 2_048), backend) / plannedMemory(options(attention, 1_024), backend);
    if (attention === "exact") expect(ratio).toBeGreaterThan(3.8);
    else expect(ratio).toBeLessThan(2.1);
  }
});

test("blocks are exact, and so are windows and projections as long as the sequence is not longer", async () => {
  expect(await errorOf(options("blocked", 100))).toBeLessThan(1e-6);
  expect(await errorOf(options("local", 8))).toBeLessThan(1e-6);
  expect(await errorOf(options("local", 100))).toBeGreaterThan(0.01);
  expect(await errorOf(options("linear", 100))).toBeGreaterThan(0.01);
  expect(await errorOf({ ...options("performer", 100), features: 512 })).toBeLessThan(
    (await errorOf(options("performer", 100)))!,
  );
  expect(await errorOf(options("mamba2", 20))).toBeUndefined();
});

test("a quick run measures each length", async () => {
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick, output: "quiet" });
  expect(new MetricsLog(folder).read().map(({ step }) => step)).toEqual([1, 2]);
  expect(result.plannedMiB).toBeGreaterThan(0);
  expect(result.seconds).toBeGreaterThan(0);
  expect(result.error).toBeLessThan(1e-6);
});
