import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { evaluate, f32, GraphWriter, i32, runOp } from "../testing.ts";
import { buildModel } from "../model/onnx-model.ts";

const backend = await onnx({ threads: 2 });
const infinity = Infinity;
const float = (shape: readonly number[]): { shape: readonly number[]; dtype: "float32" } => ({
  shape,
  dtype: "float32",
});
const int = (shape: readonly number[]): { shape: readonly number[]; dtype: "int32" } => ({ shape, dtype: "int32" });

describe("over axes", () => {
  const x = f32([2, 3], [1, 5, 2, -1, 4, 0]);
  test.each([
    ["sum", [8, 3], [0, 9, 2], [11]],
    ["prod", [10, 0], [-1, 20, 0], [0]],
    ["max", [5, 4], [1, 5, 2], [5]],
    ["min", [1, -1], [-1, 4, 0], [-1]],
  ])("%s", async (op, rows, columns, all) => {
    expect((await runOp(backend, op, [x], { axes: [1], keepDims: false }, float([2])))[0]?.map((y) => y + 0)).toEqual(
      rows,
    );
    expect((await runOp(backend, op, [x], { axes: [0], keepDims: true }, float([1, 3])))[0]?.map((y) => y + 0)).toEqual(
      columns,
    );
    expect((await runOp(backend, op, [x], { axes: [0, 1], keepDims: false }, float([])))[0]?.map((y) => y + 0)).toEqual(
      all,
    );
    expect(await runOp(backend, op, [x], { axes: [], keepDims: false }, float([2, 3]))).toEqual([[1, 5, 2, -1, 4, 0]]);
    const whole = i32([2, 3], [1, 5, 2, -1, 4, 0]);
    expect(await runOp(backend, op, [whole], { axes: [1], keepDims: false }, int([2]))).toEqual([rows]);
  });
  test.each(["max", "min"])("%s keeps NaN at any position", async (op) => {
    const rows = f32([5, 3], [NaN, 1, 2, 1, NaN, 2, 1, 2, NaN, NaN, NaN, NaN, infinity, infinity, infinity]);
    expect(await runOp(backend, op, [rows], { axes: [1], keepDims: false }, float([5]))).toEqual([
      [NaN, NaN, NaN, NaN, infinity],
    ]);
    expect(
      await runOp(backend, op, [f32([2, 2], [1, NaN, 1, 2])], { axes: [0], keepDims: true }, float([1, 2])),
    ).toEqual([[1, NaN]]);
  });
});

describe("a sum of squares", () => {
  const sumOfSquares = (axes: readonly number[], shape: readonly number[], also = false) => {
    const writer = new GraphWriter();
    const x = writer.leaf([2, 3]);
    const squares = writer.op("mul", [x, x], {}, [2, 3]);
    const sum = writer.op("sum", [squares], { axes, keepDims: false }, shape);
    return writer.graph(also ? [sum, squares] : [sum]);
  };
  const opsOf = (graph: ReturnType<typeof sumOfSquares>) =>
    new TextDecoder("latin1").decode(buildModel(graph, graph.outputs).bytes);

  test("of all numbers is one op, unless the squares are read, too", async () => {
    expect(opsOf(sumOfSquares([0, 1], []))).toContain("ReduceSumSquare");
    expect(opsOf(sumOfSquares([0, 1], []))).not.toContain("Mul");
    expect(opsOf(sumOfSquares([0, 1], [], true))).toContain("Mul");
    expect(opsOf(sumOfSquares([1], [2]))).toContain("Mul");
  });

  test("of a single number without axes is its square", async () => {
    const writer = new GraphWriter();
    const x = writer.leaf([]);
    const squared = writer.op("mul", [x, x], {}, []);
    const graph = writer.graph([writer.op("sum", [squared], { axes: [], keepDims: false }, [])]);
    expect([...(await evaluate(backend, graph, [f32([], [3])]))[0]!]).toEqual([9]);
  });

  test.each([
    [[0, 1], [], [47]],
    [[1], [2], [30, 17]],
  ])("over %o", async (axes, shape, expected) => {
    const found = await evaluate(backend, sumOfSquares(axes, shape), [f32([2, 3], [1, 5, 2, -1, 4, 0])]);
    expect([...found[0]!]).toEqual(expected);
  });
});

describe("positions", () => {
  test("the first of equal values, along any axis", async () => {
    expect(
      await runOp(
        backend,
        "argmax",
        [f32([2, 4], [1, 3, 3, 0, -1, -1, -2, -1])],
        { axis: 1, keepDims: false },
        int([2]),
      ),
    ).toEqual([[1, 0]]);
    expect(
      await runOp(backend, "argmin", [f32([2, 2], [1, 3, 1, 2])], { axis: 0, keepDims: true }, int([1, 2])),
    ).toEqual([[0, 1]]);
    expect(await runOp(backend, "argmax", [i32([4], [1, 7, 7, 0])], { axis: 0, keepDims: false }, int([]))).toEqual([
      [1],
    ]);
  });
  test.each(["argmax", "argmin"])("%s finds the first NaN", async (op) => {
    const x = f32([3, 3], [infinity, NaN, NaN, 1, 2, NaN, -infinity, NaN, 0]);
    expect(await runOp(backend, op, [x], { axis: 1, keepDims: false }, int([3]))).toEqual([[1, 2, 1]]);
  });
});
