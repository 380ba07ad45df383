import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { runExperiment } from "../experiment/run-experiment.ts";
import small from "../testing/small-experiment.ts";
import { folders } from "../experiment/testing.ts";
import { JsonLines } from "../json-lines.ts";
import { histogramOf, type Histogram } from "./histogram-log.ts";

const newFolder = folders();
beforeAll(() => use(cpu()));

test("values are counted in bins of equal width; values that are not finite are left out", () => {
  expect(histogramOf(Float32Array.of(0, 1, 2, 3, 4, NaN, Infinity), 4)).toEqual({
    edges: [0, 1, 2, 3, 4],
    counts: [1, 1, 1, 2],
  });
  expect(histogramOf(Float32Array.of(2, 2), 2)).toEqual({ edges: [1.5, 2, 2.5], counts: [0, 2] });
  expect(histogramOf(Float32Array.of(NaN))).toBeUndefined();
});

test("--histograms writes weights and gradients every few steps, and the run's numbers stay", async () => {
  const plain = newFolder();
  await runExperiment(small, { folder: plain, output: "quiet" });
  const watched = newFolder();
  await runExperiment(small, { folder: watched, histograms: 5, diagnose: true, output: "quiet" });
  const histograms = new JsonLines<Histogram>(join(watched, "histograms.jsonl")).read();
  expect([...new Set(histograms.map(({ step }) => step))]).toEqual([5, 10]);
  expect([...new Set(histograms.map(({ name, of }) => `${of} ${name}`))].toSorted()).toEqual(
    ["gradient", "weight"].flatMap((of) =>
      ["hidden.bias", "hidden.weight", "output.bias", "output.weight"].map((name) => `${of} model.${name}`),
    ),
  );
  const weights = histograms.find(({ name, of }) => name === "model.hidden.weight" && of === "weight")!;
  expect(weights.counts.reduce((sum, count) => sum + count, 0)).toBe(8);
  const losses = (folder: string) =>
    new JsonLines<{ loss?: number }>(join(folder, "metrics.jsonl")).read().map(({ loss }) => loss);
  expect(losses(watched)).toEqual(losses(plain));
  expect(Buffer.compare(readFileSync(join(watched, "result.json")), readFileSync(join(plain, "result.json")))).toBe(0);
  expect(readFileSync(join(watched, "report.html"), "utf8")).toContain(
    "Does a small network learn the sum of two numbers?",
  );
});
