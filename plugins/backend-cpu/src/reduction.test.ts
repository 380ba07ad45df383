import { expect, test } from "vitest";
import { f32, f64, i32, runOp } from "./testing.ts";

const x = f32([2, 3], 1, 2, 3, 4, 5, 6);

test("sum and prod over each choice of axes", async () => {
  const sum = (axes: number[], shape: number[], keepDims = false) =>
    runOp("sum", [x], { shape, dtype: "float32" }, { axes, keepDims });
  expect(await sum([0], [3])).toEqual([5, 7, 9]);
  expect(await sum([1], [2, 1], true)).toEqual([6, 15]);
  expect(await sum([0, 1], [])).toEqual([21]);
  expect(await sum([], [2, 3])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await runOp("prod", [x], { shape: [3], dtype: "float32" }, { axes: [0], keepDims: false })).toEqual([
    4, 10, 18,
  ]);
});

test("an outer and an inner axis at once", async () => {
  const cube = f64([2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
  expect(await runOp("sum", [cube], { shape: [2], dtype: "float64" }, { axes: [0, 2], keepDims: false })).toEqual([
    14, 22,
  ]);
});

test("sums of float32 are computed in float64", async () => {
  const many = f32([3], 1e8, 1, -1e8);
  expect(await runOp("sum", [many], { shape: [], dtype: "float32" }, { axes: [0], keepDims: false })).toEqual([1]);
});

test("integers wrap around, and their extrema start at the ends of their range", async () => {
  const all = { axes: [0], keepDims: false };
  const scalar = { shape: [], dtype: "int32" as const };
  expect(await runOp("sum", [i32([2], 2147483647, 1)], scalar, all)).toEqual([-2147483648]);
  expect(await runOp("prod", [i32([3], 65536, 65536, 3)], scalar, all)).toEqual([0]);
  expect(await runOp("max", [i32([2], -7, -9)], scalar, all)).toEqual([-7]);
  expect(await runOp("min", [i32([2], 7, 9)], scalar, all)).toEqual([7]);
});

test("max and min propagate NaN", async () => {
  const rows = f32([2, 3], 1, NaN, 2, -1, -3, -Infinity);
  const attributes = { axes: [1], keepDims: false };
  expect(await runOp("max", [rows], { shape: [2], dtype: "float32" }, attributes)).toEqual([NaN, -1]);
  expect(await runOp("min", [rows], { shape: [2], dtype: "float32" }, attributes)).toEqual([NaN, -Infinity]);
});

test("argmax and argmin take the first of equal values, and the first NaN before any number", async () => {
  const rows = f32([3, 4], 1, 5, 5, 2, 9, NaN, 10, NaN, 3, 0, 0, 3);
  const result = { shape: [3], dtype: "int32" as const };
  expect(await runOp("argmax", [rows], result, { axis: 1, keepDims: false })).toEqual([1, 1, 0]);
  expect(await runOp("argmin", [rows], result, { axis: 1, keepDims: false })).toEqual([0, 1, 1]);
  const columns = f32([2, 2], 1, 9, 1, 10);
  expect(await runOp("argmax", [columns], { shape: [1, 2], dtype: "int32" }, { axis: 0, keepDims: true })).toEqual([
    0, 1,
  ]);
});

test("cumsum along each axis", async () => {
  const result = { shape: [2, 3], dtype: "float32" as const };
  expect(await runOp("cumsum", [x], result, { axis: 0 })).toEqual([1, 2, 3, 5, 7, 9]);
  expect(await runOp("cumsum", [x], result, { axis: 1 })).toEqual([1, 3, 6, 4, 9, 15]);
});
