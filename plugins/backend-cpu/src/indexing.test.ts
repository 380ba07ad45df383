import { expect, test } from "vitest";
import { f32, i32, runOp, runParts } from "./testing.ts";

const x = f32([2, 3], 1, 2, 3, 4, 5, 6);
const float = (...shape: number[]) => ({ shape, dtype: "float32" as const });

test("gather along each axis, with indices of any shape", async () => {
  expect(await runOp("gather", [x, i32([2, 2], 1, 0, 0, 1)], float(2, 2, 3), { axis: 0 })).toEqual([
    4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6,
  ]);
  expect(await runOp("gather", [x, i32([2], 2, 2)], float(2, 2), { axis: 1 })).toEqual([3, 3, 6, 6]);
  expect(await runOp("gather", [x, i32([], 1)], float(2), { axis: 1 })).toEqual([2, 5]);
});

test("an index out of range names index, axis and length", async () => {
  await expect(runOp("gather", [x, i32([1], 3)], float(2, 1), { axis: 1 })).rejects.toThrow(
    "gather: index 3 is out of range for axis 1 of length 3",
  );
  await expect(runOp("takeAlongAxis", [x, i32([1, 3], 0, -1, 0)], float(1, 3), { axis: 0 })).rejects.toThrow(
    "index -1 is out of range for axis 0 of length 2",
  );
});

test("scatterAdd sums duplicates", async () => {
  const updates = f32([3, 2], 1, 2, 3, 4, 5, 6);
  expect(
    await runOp("scatterAdd", [f32([2, 2], 10, 20, 30, 40), i32([3], 1, 1, 0), updates], float(2, 2), { axis: 0 }),
  ).toEqual([15, 26, 34, 46]);
  const columns = f32([2, 3], 1, 2, 3, 4, 5, 6);
  expect(
    await runOp("scatterAdd", [f32([2, 2], 0, 0, 0, 0), i32([3], 1, 1, 0), columns], float(2, 2), { axis: 1 }),
  ).toEqual([3, 3, 6, 9]);
});

test("takeAlongAxis and its transpose", async () => {
  expect(await runOp("takeAlongAxis", [x, i32([2, 2], 2, 0, 1, 1)], float(2, 2), { axis: 1 })).toEqual([3, 1, 5, 5]);
  expect(await runOp("takeAlongAxis", [x, i32([1, 3], 1, 0, 1)], float(1, 3), { axis: 0 })).toEqual([4, 2, 6]);
  const base = f32([2, 3], 0, 0, 0, 0, 0, 0);
  expect(
    await runOp("scatterAddAlongAxis", [base, i32([2, 2], 2, 0, 1, 1), f32([2, 2], 1, 2, 3, 4)], float(2, 3), {
      axis: 1,
    }),
  ).toEqual([2, 0, 1, 0, 7, 0]);
});

test("sort is stable and NaN is largest", async () => {
  const values = f32([1, 6], 2, NaN, 1, 2, -Infinity, 1);
  const parts = [float(1, 6), { shape: [1, 6], dtype: "int32" as const }];
  expect(await runParts("sort", [values], parts, { descending: false })).toEqual([
    [-Infinity, 1, 1, 2, 2, NaN],
    [4, 2, 5, 0, 3, 1],
  ]);
  expect(await runParts("sort", [values], parts, { descending: true })).toEqual([
    [NaN, 2, 2, 1, 1, -Infinity],
    [1, 0, 3, 2, 5, 4],
  ]);
});

test("topK takes the largest, the first of equal values, and NaN before all", async () => {
  const rows = f32([2, 3], 1, 3, 3, 5, NaN, 6);
  const parts = [float(2, 2), { shape: [2, 2], dtype: "int32" as const }];
  expect(await runParts("topK", [rows], parts, { k: 2 })).toEqual([
    [3, 3, NaN, 6],
    [1, 2, 1, 2],
  ]);
});
