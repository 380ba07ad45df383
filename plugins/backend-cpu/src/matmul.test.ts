import { expect, test } from "vitest";
import { f32, f64, i32, runOp } from "./testing.ts";

test("two matrices", async () => {
  const product = await runOp("matmul", [f32([2, 3], 1, 2, 3, 4, 5, 6), f32([3, 2], 7, 8, 9, 10, 11, 12)], {
    shape: [2, 2],
    dtype: "float32",
  });
  expect(product).toEqual([58, 64, 139, 154]);
});

test("batches broadcast on both sides", async () => {
  const a = f64([2, 1, 1, 2], 1, 2, 3, 4);
  const b = f64([3, 2, 1], 1, 0, 0, 1, 1, 1);
  expect(await runOp("matmul", [a, b], { shape: [2, 3, 1, 1], dtype: "float64" })).toEqual([1, 2, 3, 3, 4, 7]);
});

test("zero times NaN or infinity is NaN", async () => {
  expect(
    await runOp("matmul", [f32([1, 2], 0, 1), f32([2, 2], NaN, Infinity, 1, 1)], { shape: [1, 2], dtype: "float32" }),
  ).toEqual([NaN, NaN]);
});

test("integers wrap around", async () => {
  expect(
    await runOp("matmul", [i32([1, 2], 65536, 3), i32([2, 1], 65537, 5)], { shape: [1, 1], dtype: "int32" }),
  ).toEqual([65536 + 15]);
});

test("longer than a block, with a remainder", async () => {
  const k = 51;
  const a = f64([1, k], ...Array.from({ length: k }, (_, index) => index));
  const b = f64([k, 2], ...Array.from({ length: 2 * k }, (_, index) => (index % 2 === 0 ? 1 : index >> 1)));
  // Sums of i and of i² for i below 51.
  expect(await runOp("matmul", [a, b], { shape: [1, 2], dtype: "float64" })).toEqual([1275, 42925]);
});
