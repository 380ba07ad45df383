import { expect, test } from "vitest";
import { onnx } from "../index.ts";
import { evaluate, f32, GraphWriter, i32, mismatches, runOp } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const infinity = Infinity;
const type = (shape: readonly number[]): { shape: readonly number[]; dtype: "float32" } => ({
  shape,
  dtype: "float32",
});

test("softmax and logSoftmax along any axis", async () => {
  const x = f32([2, 2], [0, Math.log(3), 1000, 1000]);
  expect(
    mismatches((await runOp(backend, "softmax", [x], { axis: 1 }, type([2, 2])))[0], [0.25, 0.75, 0.5, 0.5]),
  ).toEqual([]);
  expect(
    mismatches((await runOp(backend, "logSoftmax", [x], { axis: 1 }, type([2, 2])))[0], [
      Math.log(0.25),
      Math.log(0.75),
      -Math.LN2,
      -Math.LN2,
    ]),
  ).toEqual([]);
  expect(
    mismatches(
      (await runOp(backend, "softmax", [f32([2, 1], [0, Math.log(3)])], { axis: 0 }, type([2, 1])))[0],
      [0.25, 0.75],
    ),
  ).toEqual([]);
  expect(
    mismatches((await runOp(backend, "softmax", [f32([2, 2], [NaN, 0, -infinity, 0])], { axis: 1 }, type([2, 2])))[0], [
      NaN,
      NaN,
      0,
      1,
    ]),
  ).toEqual([]);
});

test("gelu", async () => {
  expect(
    mismatches(
      (await runOp(backend, "gelu", [f32([3], [0, 1, -1])], { approximate: false }, type([3])))[0],
      [0, 0.8413447, -0.1586553],
    ),
  ).toEqual([]);
  expect(
    mismatches(
      (await runOp(backend, "gelu", [f32([3], [0, 1, -1])], { approximate: true }, type([3])))[0],
      [0, 0.841192, -0.158808],
    ),
  ).toEqual([]);
});

test("layerNorm gives its mean and 1 / deviation", async () => {
  const parts = [type([2, 2]), type([2, 1]), type([2, 1])];
  const [y, mean, inverse] = await runOp(
    backend,
    "layerNorm",
    [f32([2, 2], [1, 3, 10, 14]), f32([2], [1, 2]), f32([2], [0, 1])],
    { epsilon: 0 },
    parts,
  );
  expect(mismatches(y, [-1, 3, -1, 3])).toEqual([]);
  expect(mismatches(mean, [2, 12])).toEqual([]);
  expect(mismatches(inverse, [1, 0.5])).toEqual([]);
});

test("softmaxCrossEntropy of each row", async () => {
  const logits = f32([5, 3], [0, 0, 0, 1000, 0, 0, 0, NaN, 0, NaN, NaN, NaN, -infinity, 0, 0]);
  expect(
    mismatches((await runOp(backend, "softmaxCrossEntropy", [logits, i32([5], [2, 1, 0, 1, 2])], {}, type([5])))[0], [
      Math.log(3),
      1000,
      NaN,
      NaN,
      Math.LN2,
    ]),
  ).toEqual([]);
});

test("a barrier returns its value, whatever the token is", async () => {
  for (const token of [NaN, infinity, 3]) {
    const writer = new GraphWriter();
    const [x, wait, single] = [writer.leaf([2, 2]), writer.leaf([3]), writer.leaf([])];
    const outputs = [writer.op("barrier", [x, wait], {}, [2, 2]), writer.op("barrier", [single, wait], {}, [])];
    const results = await evaluate(backend, writer.graph(outputs), [
      f32([2, 2], [1, 2, 3, NaN]),
      f32([3], [token, 0, 0]),
      f32([], [7]),
    ]);
    expect(results.map((array) => Array.from(array))).toEqual([[1, 2, 3, NaN], [7]]);
  }
});

test.each([3, 20])("logSumExp over %i: infinities and NaN are those of the definition", async (length) => {
  const own = [
    [0, Math.log(2), Math.log(3)],
    [1000, 1000, 1000],
    [-infinity, -infinity, -infinity],
    [infinity, 1, -infinity],
    [NaN, 1, 1],
    [-infinity, infinity, NaN],
  ];
  const fill = [-infinity, 1000, -infinity, 0, 0, 0];
  const x = own.flatMap((row, i) => Array.from({ length: length }, (_, j) => row[j] ?? fill[i]!));
  const expected = [Math.log(6), 1000 + Math.log(length), -infinity, infinity, NaN, NaN];
  for (const keepDims of [false, true]) {
    const shape = keepDims ? [6, 1] : [6];
    const [found] = await runOp(backend, "logSumExp", [f32([6, length], x)], { axes: [1], keepDims }, type(shape));
    expect(mismatches(found, expected)).toEqual([]);
  }
});
