import { describe, expect, test } from "vitest";
import { bool, f32, f64, i32, runOp, u32 } from "./testing.ts";

const float = (length: number) => ({ shape: [length], dtype: "float64" as const });

describe("one operand", () => {
  test("round rounds halves to even", async () => {
    const x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, NaN, Infinity, -Infinity];
    expect(await runOp("round", [f64([10], ...x)], float(10))).toEqual([
      -2,
      -2,
      -0,
      0,
      2,
      2,
      2,
      NaN,
      Infinity,
      -Infinity,
    ]);
  });

  test("sign of zero is zero and of NaN is NaN", async () => {
    expect(await runOp("sign", [f64([4], -3, 0, 9, NaN)], float(4))).toEqual([-1, 0, 1, NaN]);
  });

  test("results are rounded to float32, even if they are 0-d", async () => {
    expect(await runOp("exp", [f32([], 1)], { shape: [], dtype: "float32" })).toEqual([Math.fround(Math.E)]);
  });

  test("sigmoid does not overflow", async () => {
    expect(await runOp("sigmoid", [f64([4], -1000, 0, 1000, NaN)], float(4))).toEqual([0, 0.5, 1, NaN]);
  });

  test("log1p and expm1 keep the digits of small numbers", async () => {
    expect(await runOp("log1p", [f64([1], 1e-20)], float(1))).toEqual([1e-20]);
    expect(await runOp("expm1", [f64([1], 1e-20)], float(1))).toEqual([1e-20]);
  });

  test("not", async () => {
    expect(await runOp("not", [bool([2], 0, 1)], { shape: [2], dtype: "bool" })).toEqual([1, 0]);
  });
});

describe("two operands", () => {
  test("broadcast in both directions", async () => {
    const column = f32([2, 1], 10, 20);
    const row = f32([3], 1, 2, 3);
    expect(await runOp("sub", [column, row], { shape: [2, 3], dtype: "float32" })).toEqual([9, 8, 7, 19, 18, 17]);
    expect(await runOp("sub", [row, column], { shape: [2, 3], dtype: "float32" })).toEqual([-9, -8, -7, -19, -18, -17]);
    expect(
      await runOp("sub", [f32([], 1), f32([2, 1, 2], 1, 2, 3, 4)], { shape: [2, 1, 2], dtype: "float32" }),
    ).toEqual([0, -1, -2, -3]);
    const cube = f32([2, 1, 2], 1, 2, 3, 4);
    expect(await runOp("add", [cube, f32([3, 1], 10, 20, 30)], { shape: [2, 3, 2], dtype: "float32" })).toEqual([
      11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34,
    ]);
  });

  test("integers wrap around", async () => {
    expect(await runOp("add", [i32([1], 2147483647), i32([], 1)], { shape: [1], dtype: "int32" })).toEqual([
      -2147483648,
    ]);
    expect(await runOp("mul", [i32([1], 123456789), i32([1], 987654321)], { shape: [1], dtype: "int32" })).toEqual([
      -67153019,
    ]);
    expect(await runOp("mul", [u32([1], 4294967295), u32([1], 4294967295)], { shape: [1], dtype: "uint32" })).toEqual([
      1,
    ]);
    expect(await runOp("sub", [u32([1], 0), u32([1], 1)], { shape: [1], dtype: "uint32" })).toEqual([4294967295]);
  });

  test("maximum and minimum propagate NaN", async () => {
    const pair = [f32([3], 1, NaN, 2), f32([3], NaN, 1, 3)];
    expect(await runOp("maximum", pair, { shape: [3], dtype: "float32" })).toEqual([NaN, NaN, 3]);
    expect(await runOp("minimum", pair, { shape: [3], dtype: "float32" })).toEqual([NaN, NaN, 2]);
  });

  test("remainder has the sign of the divisor", async () => {
    const floats = [f64([6], 5, -5, 5, -5, 1, 6), f64([6], 3, 3, -3, -3, 0, -3)];
    expect(await runOp("remainder", floats, float(6))).toEqual([2, 1, -1, -2, NaN, 0]);
    expect(await runOp("remainder", [i32([3], -5, 5, 7), i32([3], 3, -3, 0)], { shape: [3], dtype: "int32" })).toEqual([
      1, -1, 0,
    ]);
  });

  test("pow follows IEEE 754", async () => {
    const pair = [f64([5], 2, 1, -1, -8, 0), f64([5], 10, NaN, Infinity, 1 / 3, -1)];
    expect(await runOp("pow", pair, float(5))).toEqual([1024, 1, 1, NaN, Infinity]);
  });

  test("comparisons with NaN are false, and notEqual is true", async () => {
    const pair = [f32([3], 1, NaN, 2), f32([3], 1, NaN, 1)];
    const run = (op: string) => runOp(op, pair, { shape: [3], dtype: "bool" });
    expect(await run("equal")).toEqual([1, 0, 0]);
    expect(await run("notEqual")).toEqual([0, 1, 1]);
    expect(await run("less")).toEqual([0, 0, 0]);
    expect(await run("lessEqual")).toEqual([1, 0, 0]);
    expect(await run("greater")).toEqual([0, 0, 1]);
    expect(await run("greaterEqual")).toEqual([1, 0, 1]);
  });

  test("logic", async () => {
    const pair = [bool([4], 0, 0, 1, 1), bool([4], 0, 1, 0, 1)];
    const run = (op: string) => runOp(op, pair, { shape: [4], dtype: "bool" });
    expect([await run("and"), await run("or"), await run("xor")]).toEqual([
      [0, 0, 0, 1],
      [0, 1, 1, 1],
      [0, 1, 1, 0],
    ]);
  });
});

describe("selection", () => {
  test("where broadcasts all three", async () => {
    const result = { shape: [2, 2], dtype: "int32" as const };
    expect(await runOp("where", [bool([2, 1], 1, 0), i32([2], 1, 2), i32([], 9)], result)).toEqual([1, 2, 9, 9]);
  });

  test("cast saturates floats, wraps integers, and turns NaN into zero or true", async () => {
    const x = f64([6], -1.9, 1.9, 1e20, -1e20, NaN, 0.5);
    const cast = (dtype: "int32" | "uint32" | "bool") => runOp("cast", [x], { shape: [6], dtype });
    expect(await cast("int32")).toEqual([-1, 1, 2147483647, -2147483648, 0, 0]);
    expect(await cast("uint32")).toEqual([0, 1, 4294967295, 0, 0, 0]);
    expect(await cast("bool")).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await runOp("cast", [i32([2], -1, 0)], { shape: [2], dtype: "uint32" })).toEqual([4294967295, 0]);
  });
});
