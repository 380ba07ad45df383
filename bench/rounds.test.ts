import { expect, test } from "vitest";
import { summarize, type Measurement } from "./measurement.ts";
import { combine, intervalOf, table } from "./rounds.ts";

const round = (work: string, engine: string, medianMs: number, more: Partial<Measurement> = {}): Measurement => ({
  work,
  engine,
  version: "1",
  medianMs,
  minMs: medianMs - 1,
  firstStepMs: 100 * medianMs,
  compileMs: 99 * medianMs,
  peakMiB: medianMs,
  ...more,
});
const rounds = (work: string, engine: string, ...medians: number[]) => ({
  work,
  engine,
  measured: medians.map((median) => round(work, engine, median)),
});

test("the median lies in the middle, with the least and the greatest around it", () => {
  expect(intervalOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
  expect(intervalOf([4, 1, 3, 2])).toEqual({ median: 2.5, low: 1, high: 4 });
  expect(() => intervalOf([])).toThrow("at least one value");
});

test("the first step and the warm-up are not part of a process's median", () => {
  const times = [90, 80, 5, 7, 6, 9, 8, 10];
  expect(summarize("mlp", "onnx", "1", times, 3)).toMatchObject({
    medianMs: 8,
    minMs: 5,
    firstStepMs: 90,
    compileMs: 82,
  });
});

test("a ratio is taken within each round, against the fastest engine of the peer", () => {
  const runs = [
    rounds("mlp", "torch", 10, 40, 12),
    rounds("mlp", "torch-compiled", 8, 50, 20),
    rounds("mlp", "onnx", 4, 30, 12),
  ];
  const [eager, , own] = combine(runs, { peers: { torch: ["torch", "torch-compiled"] }, baselines: {} });
  expect(eager!.ratios).toEqual({});
  expect(own).toMatchObject({
    milliseconds: { median: 12, low: 4, high: 30 },
    minMs: 3,
    firstStepMs: 1_200,
    peakMiB: 30,
    ratios: { torch: { median: 0.75, low: 0.5, high: 1 } },
  });
});

test("a peer that cannot do a workload has no ratio, and a baseline is compared on the same engine", () => {
  const runs = [rounds("dense", "torch", 5), rounds("dense", "onnx", 10), rounds("experts", "onnx", 15)];
  const results = combine(runs, { peers: { torch: ["torch"] }, baselines: { experts: "dense" } });
  expect(results[1]).not.toHaveProperty("ratioToBaseline");
  expect(results[2]).toMatchObject({ ratios: {}, ratioToBaseline: { median: 1.5 } });
});

test("what is processed in a second follows from the median, and the table shows it", () => {
  const each = { tokens: 30 };
  const measured = [round("text", "onnx", 10, { each, outsidePercent: 100 })];
  const results = combine([{ work: "text", engine: "onnx", measured }], { peers: {}, baselines: {} });
  expect(results[0]).toMatchObject({ perSecond: { tokens: 3_000 }, outsidePercent: 100 });
  const [header, row] = table(results).split("\n");
  expect(header).toMatch(/^work {2}engine .*per second$/);
  expect(row).toMatch(/^text {2}onnx {4}10\.00 \(10\.00-10\.00\) .* 100\.0 {2}3000 tokens$/);
});
