import { expect, test } from "vitest";
import { bool, f32, i32, runOp } from "./testing.ts";

const x = i32([2, 3], 1, 2, 3, 4, 5, 6);
const int = (...shape: number[]) => ({ shape, dtype: "int32" as const });

test("reshape, transpose, broadcastTo", async () => {
  expect(await runOp("reshape", [x], int(3, 2))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await runOp("transpose", [x], int(3, 2), { permutation: [1, 0] })).toEqual([1, 4, 2, 5, 3, 6]);
  const cube = i32([2, 2, 2], 0, 1, 2, 3, 4, 5, 6, 7);
  expect(await runOp("transpose", [cube], int(2, 2, 2), { permutation: [2, 0, 1] })).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  expect(await runOp("transpose", [i32([], 5)], int(), { permutation: [] })).toEqual([5]);
  expect(await runOp("broadcastTo", [i32([2, 1], 1, 2)], int(2, 2, 3))).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
});

test("slice with steps, flip", async () => {
  expect(await runOp("slice", [x], int(2, 2), { start: [0, 0], end: [2, 3], step: [1, 2] })).toEqual([1, 3, 4, 6]);
  expect(await runOp("slice", [x], int(1, 2), { start: [1, 1], end: [2, 3], step: [1, 1] })).toEqual([5, 6]);
  expect(await runOp("flip", [x], int(2, 3), { axes: [1] })).toEqual([3, 2, 1, 6, 5, 4]);
  expect(await runOp("flip", [x], int(2, 3), { axes: [0, 1] })).toEqual([6, 5, 4, 3, 2, 1]);
});

test("pad around and between", async () => {
  const attributes = { before: [0, 1], after: [1, 0], interior: [0, 1], value: -1 };
  expect(await runOp("pad", [i32([2, 2], 1, 2, 3, 4)], int(3, 4), attributes)).toEqual([
    -1, 1, -1, 2, -1, 3, -1, 4, -1, -1, -1, -1,
  ]);
  expect(
    await runOp(
      "pad",
      [bool([1], 1)],
      { shape: [3], dtype: "bool" },
      { before: [1], after: [1], interior: [0], value: 0 },
    ),
  ).toEqual([0, 1, 0]);
});

test("concat along each axis", async () => {
  expect(await runOp("concat", [x, i32([1, 3], 7, 8, 9)], int(3, 3), { axis: 0 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await runOp("concat", [x, i32([2, 1], 7, 8)], int(2, 4), { axis: 1 })).toEqual([1, 2, 3, 7, 4, 5, 6, 8]);
});

test("constant and iota", async () => {
  expect(await runOp("constant", [], { shape: [], dtype: "float32" }, { value: 0.1 })).toEqual([Math.fround(0.1)]);
  expect(await runOp("iota", [], { shape: [4], dtype: "float32" })).toEqual([0, 1, 2, 3]);
});

test("dynamic slices are clamped into range", async () => {
  const slice = (...starts: number[]) => runOp("dynamicSlice", [x, i32([2], ...starts)], int(1, 2), { sizes: [1, 2] });
  expect(await slice(0, 1)).toEqual([2, 3]);
  expect(await slice(9, -4)).toEqual([4, 5]);
  const update = (...starts: number[]) =>
    runOp("dynamicUpdateSlice", [x, i32([1, 2], 8, 9), i32([2], ...starts)], int(2, 3));
  expect(await update(0, 0)).toEqual([8, 9, 3, 4, 5, 6]);
  expect(await update(7, 7)).toEqual([1, 2, 3, 4, 8, 9]);
});

test("barrier returns its value", async () => {
  expect(await runOp("barrier", [f32([2], 1, 2), f32([], 0)], { shape: [2], dtype: "float32" })).toEqual([1, 2]);
});
