import { describe, expect, test } from "vitest";
import type { Attributes } from "@ansatz/core/plugin";
import { f64, runOp } from "./testing.ts";

const float = (...shape: number[]) => ({ shape, dtype: "float64" as const });
const along = (more: Attributes): Attributes => ({
  stride: [1],
  padding: [[0, 0]],
  inputDilation: [1],
  kernelDilation: [1],
  groups: 1,
  ...more,
});
const line = f64([1, 1, 5], 1, 2, 3, 4, 5);
const edge = f64([1, 1, 2], 1, 10);

describe("one axis", () => {
  test("is a cross-correlation: the kernel is not flipped", async () => {
    expect(await runOp("convolution", [line, edge], float(1, 1, 4), along({}))).toEqual([21, 32, 43, 54]);
  });
  test("stride", async () => {
    expect(await runOp("convolution", [line, edge], float(1, 1, 2), along({ stride: [2] }))).toEqual([21, 43]);
  });
  test("padding adds zeros, negative padding crops", async () => {
    expect(await runOp("convolution", [line, edge], float(1, 1, 6), along({ padding: [[1, 1]] }))).toEqual([
      10, 21, 32, 43, 54, 5,
    ]);
    expect(await runOp("convolution", [line, edge], float(1, 1, 3), along({ padding: [[-2, 1]] }))).toEqual([
      43, 54, 5,
    ]);
  });
  test("kernel dilation", async () => {
    expect(await runOp("convolution", [line, edge], float(1, 1, 3), along({ kernelDilation: [2] }))).toEqual([
      31, 42, 53,
    ]);
  });
  test("input dilation puts zeros between elements", async () => {
    // 1 0 2 0 3 0 4 0 5
    expect(await runOp("convolution", [line, edge], float(1, 1, 8), along({ inputDilation: [2] }))).toEqual([
      1, 20, 2, 30, 3, 40, 4, 50,
    ]);
    expect(
      await runOp("convolution", [line, edge], float(1, 1, 3), along({ inputDilation: [2], stride: [3] })),
    ).toEqual([1, 30, 4]);
  });
});

test("channels are summed, groups are separate", async () => {
  const x = f64([1, 2, 2], 1, 2, 3, 4);
  expect(await runOp("convolution", [x, f64([1, 2, 1], 1, 10)], float(1, 1, 2), along({}))).toEqual([31, 42]);
  expect(await runOp("convolution", [x, f64([2, 1, 1], 1, 10)], float(1, 2, 2), along({ groups: 2 }))).toEqual([
    1, 2, 30, 40,
  ]);
});

test("two axes and a batch", async () => {
  const x = f64([2, 1, 2, 3], 1, 2, 3, 4, 5, 6, 0, 0, 1, 0, 0, 0);
  const w = f64([1, 1, 2, 2], 1, 2, 3, 4);
  const attributes = {
    stride: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
    inputDilation: [1, 1],
    kernelDilation: [1, 1],
    groups: 1,
  };
  expect(await runOp("convolution", [x, w], float(2, 1, 1, 2), attributes)).toEqual([37, 47, 0, 2]);
});

test("three axes", async () => {
  const x = f64([1, 1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
  const w = f64([1, 1, 2, 1, 2], 1, 1, 1, 1);
  const attributes = {
    stride: [1, 1, 1],
    padding: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    inputDilation: [1, 1, 1],
    kernelDilation: [1, 1, 1],
    groups: 1,
  };
  expect(await runOp("convolution", [x, w], float(1, 1, 1, 2, 1), attributes)).toEqual([14, 22]);
});
