import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, grad, RandomStream, randomIntegers, slice, sum, tensor, use, type Tensor } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { costOf } from "./cost.ts";
import experiment from "./index.ts";
import { Reader } from "./reader.ts";
import { Streams } from "./streams.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const readerOf = (window: number, carried = true) =>
  new Reader({ vocabularySize: 5, width: 6, layers: 1, streams: 2, window, carried, random: new RandomStream(1) });
const tokens = () => randomIntegers(new RandomStream(2).next(), [2, 8], { high: 5 });
const numbers = async (x: Tensor) => [...(await x.data())];
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 5);
};

test("streams are read side by side, each piece after the one before it, and then from the start", async () => {
  const streams = new Streams(
    Int32Array.from({ length: 14 }, (_, i) => i),
    2,
    3,
  );
  expect(streams.count).toBe(2);
  const [first, second, third] = [streams.at(0), streams.at(1), streams.at(2)];
  expect(await first.input.array()).toEqual([[0, 1, 2], [6, 7, 8]]); // prettier-ignore
  expect(await first.target.array()).toEqual([[1, 2, 3], [7, 8, 9]]); // prettier-ignore
  expect(await second.input.array()).toEqual([[3, 4, 5], [9, 10, 11]]); // prettier-ignore
  expect(await third.input.array()).toEqual(await first.input.array());
  expect(() => new Streams(new Int32Array(6), 2, 3)).toThrow(ArgumentError);
});

test("scores do not depend on the window as long as the state is carried, and are those of the model", async () => {
  const expected = await numbers(readerOf(8).model.forward(tokens()));
  for (const window of [1, 2, 8]) close(await numbers(readerOf(window).forward(tokens())), expected);
  const apart = await numbers(readerOf(2, false).forward(tokens()));
  close(apart.slice(0, 10), expected.slice(0, 10)); // the first window
  expect(Math.max(...apart.map((score, i) => Math.abs(score - expected[i]!)))).toBeGreaterThan(1e-3);
});

test("the next piece continues from the state of the last one, until the reader starts again", async () => {
  const whole = await numbers(readerOf(4).forward(tokens()));
  const reader = readerOf(4);
  const half = (from: number) => numbers(reader.forward(slice(tokens(), [null, [from, from + 4]])));
  const [first, second] = [await half(0), await half(4)];
  close(first, [...whole.slice(0, 20), ...whole.slice(40, 60)]);
  close(second, [...whole.slice(20, 40), ...whole.slice(60, 80)]);
  reader.restart();
  close(await half(0), first);
});

/** The gradient of the scores after the last token of each stream with respect to what is read at each step. */
async function reach(window: number): Promise<boolean[]> {
  const reader = readerOf(window);
  const { weight } = reader.model.tokens;
  // In a stream each token occurs once, so the gradient of its embedding is that of its step.
  const x = tensor([0, 1, 2, 3, 0, 1, 2, 3], { shape: [2, 4], dtype: "int32" });
  const scores = reader.forward(x);
  const g = await numbers(grad(sum(slice(scores, [null, [3, 4]]).square()), weight));
  return [0, 1, 2, 3].map((step) => g.slice(6 * step, 6 * step + 6).some((value) => value !== 0));
}

test("gradients go back to the beginning of the window, and no further", async () => {
  expect(await reach(1)).toEqual([false, false, false, true]);
  expect(await reach(2)).toEqual([false, false, true, true]);
  expect(await reach(4)).toEqual([true, true, true, true]);
});

test("longer windows need more memory, in a process of their own", async () => {
  const sizes = { streams: 32, width: 64, seed: 1 };
  const [short, long] = [await costOf({ ...sizes, window: 1 }), await costOf({ ...sizes, window: 256 })];
  // 256 steps keep at least four gates, the cell and the hidden state each.
  expect(long.peakMiB - short.peakMiB).toBeGreaterThan((256 * 6 * 32 * 64 * 4) / 2 ** 20);
  expect(long.microsecondsPerCharacter).toBeGreaterThan(0);
}, 60_000);

test.each([
  ["main", {}],
  ["window1", { window: 1 }],
  ["notCarried", { carried: false }],
] as [string, object][])(
  "a quick run of %s learns",
  async (_name, own) => {
    const settings = { ...experiment.quick, ...own, learningRate: 2e-2 };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
    expect(result.loss).toBeLessThan(losses[0]! - 0.5);
  },
  60_000,
);
