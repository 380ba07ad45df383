import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { f32, i32, runOp, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const infinity = Infinity;

const parts = (
  shape: readonly number[],
  dtype: "float32" | "int32" = "float32",
): { shape: readonly number[]; dtype: "float32" | "int32" }[] => [
  { shape, dtype },
  { shape, dtype: "int32" },
];

describe("sort", () => {
  test("ascending and descending, equal values keep their order", async () => {
    const x = f32([2, 4], [3, 1, 3, 2, 0, 0, -1, 0]);
    expect(await runOp(backend, "sort", [x], { descending: false }, parts([2, 4]))).toEqual([
      [1, 2, 3, 3, -1, 0, 0, 0],
      [1, 3, 0, 2, 2, 0, 1, 3],
    ]);
    expect(await runOp(backend, "sort", [x], { descending: true }, parts([2, 4]))).toEqual([
      [3, 3, 2, 1, 0, 0, 0, -1],
      [0, 2, 3, 1, 0, 1, 3, 2],
    ]);
    expect(await runOp(backend, "sort", [i32([3], [2, -1, 2])], { descending: true }, parts([3], "int32"))).toEqual([
      [2, 2, -1],
      [0, 2, 1],
    ]);
  });
  test("NaN is the largest", async () => {
    const x = f32([5], [NaN, infinity, -infinity, NaN, 1]);
    expect(await runOp(backend, "sort", [x], { descending: false }, parts([5]))).toEqual([
      [-infinity, 1, infinity, NaN, NaN],
      [2, 4, 1, 0, 3],
    ]);
    expect(await runOp(backend, "sort", [x], { descending: true }, parts([5]))).toEqual([
      [NaN, NaN, infinity, 1, -infinity],
      [0, 3, 1, 4, 2],
    ]);
  });
  test("many equal values", async () => {
    const x = f32(
      [1, 1_000],
      Array.from({ length: 1_000 }, (_, i) => i % 3),
    );
    const [, positions] = await runOp(backend, "sort", [x], { descending: true }, parts([1, 1_000]));
    expect(positions).toEqual(
      [2, 1, 0].flatMap((value) => Array.from({ length: 1_000 }, (_, i) => i).filter((i) => i % 3 === value)),
    );
  });
});

const largest = (x: Value, k: number): ReturnType<typeof runOp> =>
  runOp(backend, "topK", [x], { k }, parts([...x.shape.slice(0, -1), k]));

describe("topK", () => {
  test("the largest first, equal values keep their order, NaN before infinity", async () => {
    expect(await largest(f32([5], [1, 5, 5, 0, 5]), 2)).toEqual([
      [5, 5],
      [1, 2],
    ]);
    expect(await largest(f32([2, 3], [infinity, NaN, 0, 1, 2, 3]), 1)).toEqual([
      [NaN, 3],
      [1, 2],
    ]);
  });
  test.each([1, 3, 100, 900])("of many, %i", async (k) => {
    const [, positions] = await largest(
      f32(
        [1_000],
        Array.from({ length: 1_000 }, (_, i) => (i * 7) % 5),
      ),
      k,
    );
    const order = Array.from({ length: 1_000 }, (_, i) => i).toSorted((a, b) => ((b * 7) % 5) - ((a * 7) % 5) || a - b);
    expect(positions).toEqual(order.slice(0, k));
  });
});

test("cumsum", async () => {
  const x = [1, 2, 3, 4, 5, 6];
  expect(await runOp(backend, "cumsum", [f32([2, 3], x)], { axis: 1 }, { shape: [2, 3], dtype: "float32" })).toEqual([
    [1, 3, 6, 4, 9, 15],
  ]);
  expect(await runOp(backend, "cumsum", [i32([2, 3], x)], { axis: 0 }, { shape: [2, 3], dtype: "int32" })).toEqual([
    [1, 2, 3, 5, 7, 9],
  ]);
});
