import { describe, expect, test } from "vitest";
import { fromBinary } from "@bufbuild/protobuf";
import { type Graph, sizeOf } from "@ansatz/core/plugin";
import { ModelProtoSchema } from "onnx-buf";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";
import { evaluate, f32, GraphWriter, i32, mismatches, runOp, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });

function filled(shape: readonly number[], seed: number): Value {
  return f32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(Math.sin(i * 1.7 + seed))),
  );
}

/** The product of two matrices, by definition. */
function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, k, n]: readonly [number, number, number],
  read = { a: (i: number, j: number) => i * k + j, b: (i: number, j: number) => i * n + j },
): number[] {
  return Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += a[read.a(Math.floor(at / n), j)]! * b[read.b(j, at % n)]!;
    return sum;
  });
}

describe("products", () => {
  test("of matrices, of batches, of integers", async () => {
    const [a, b] = [filled([3, 70], 1), filled([70, 5], 2)];
    const [result] = await runOp(backend, "matmul", [a, b], {}, { shape: [3, 5], dtype: "float32" });
    expect(mismatches(result, product(a.data, b.data, [3, 70, 5]))).toEqual([]);
    const batch = filled([2, 70, 5], 3);
    const [each] = await runOp(backend, "matmul", [a, batch], {}, { shape: [2, 3, 5], dtype: "float32" });
    expect(
      mismatches(
        each,
        [0, 1].flatMap((i) => product(a.data, batch.data.slice(i * 350, (i + 1) * 350), [3, 70, 5])),
      ),
    ).toEqual([]);
    const rows = filled([2, 3, 70], 4);
    const [flat] = await runOp(backend, "matmul", [rows, b], {}, { shape: [2, 3, 5], dtype: "float32" });
    expect(mismatches(flat, product(rows.data, b.data, [6, 70, 5]))).toEqual([]);
    const integers = [i32([1, 2], [3, -4]), i32([2, 2], [1, 2, 3, 4])];
    expect(await runOp(backend, "matmul", integers, {}, { shape: [1, 2], dtype: "int32" })).toEqual([[-9, -10]]);
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("of transposed operands: %s, %s, with and without a bias", async (first, second) => {
    const [m, k, n] = [4, 65, 7];
    const writer = new GraphWriter();
    const operand = (transposed: boolean, rows: number, columns: number): number => {
      const x = writer.leaf(transposed ? [columns, rows] : [rows, columns]);
      return transposed ? writer.op("transpose", [x], { permutation: [1, 0] }, [rows, columns]) : x;
    };
    const inputs = [operand(first, m, k), operand(second, k, n)];
    const bias = writer.leaf([n]);
    const plain = writer.op("matmul", inputs, {}, [m, n]);
    const swallowed = writer.op("matmul", inputs, {}, [m, n]);
    const reshaped = writer.op("reshape", [swallowed], {}, [2, 2, n]);
    const sum = writer.op("add", [reshaped, bias], {}, [2, 2, n]);
    const values = [filled(first ? [k, m] : [m, k], 1), filled(second ? [n, k] : [k, n], 2), filled([n], 3)] as const;
    const expected = product(values[0].data, values[1].data, [m, k, n], {
      a: (i, j) => (first ? j * m + i : i * k + j),
      b: (i, j) => (second ? j * k + i : i * n + j),
    });
    const [result, biased] = await evaluate(backend, writer.graph([plain, sum]), values);
    expect(mismatches(result, expected)).toEqual([]);
    expect(
      mismatches(
        biased,
        expected.map((x, i) => x + values[2].data[i % n]!),
      ),
    ).toEqual([]);
  });

  test("a product that other nodes read does not become part of a sum", async () => {
    const writer = new GraphWriter();
    const [a, b, row] = [writer.leaf([2, 2]), writer.leaf([2, 2]), writer.leaf([2])];
    const c = writer.op("matmul", [a, b], {}, [2, 2]);
    const outputs = [writer.op("add", [row, c], {}, [2, 2]), c];
    const [sum, plain] = await evaluate(backend, writer.graph(outputs), [
      f32([2, 2], [1, 0, 0, 1]),
      f32([2, 2], [1, 2, 3, 4]),
      f32([2], [10, 20]),
    ]);
    expect(Array.from(sum!)).toEqual([11, 22, 13, 24]);
    expect(Array.from(plain!)).toEqual([1, 2, 3, 4]);
  });

  test.each([
    [[4, 3], false],
    [[2, 2, 3], true],
  ] as const)("plus a matrix of %j begin with it, on either side", async (shape, reshaped) => {
    const [a, b, c] = [filled([4, 5], 1), filled([5, 3], 2), filled(shape, 3)];
    const expected = product(a.data, b.data, [4, 5, 3]).map((x, i) => x + c.data[i]!);
    for (const first of [true, false]) {
      const writer = new GraphWriter();
      const [left, right, other] = [writer.leaf([4, 5]), writer.leaf([5, 3]), writer.leaf(shape)];
      const matrix = writer.op("matmul", [left, right], {}, [4, 3]);
      const value = reshaped ? writer.op("reshape", [matrix], {}, shape) : matrix;
      const graph = writer.graph([writer.op("add", first ? [value, other] : [other, value], {}, shape)]);
      expect(opsOf(graph)).not.toContain("Add");
      expect(mismatches((await evaluate(backend, graph, [a, b, c]))[0], expected)).toEqual([]);
    }
  });

  test("of a batch of sequences stay matrices until something else reads them", async () => {
    const [shape, wide] = [
      [2, 3, 4],
      [2, 3, 8],
    ] as const;
    const writer = new GraphWriter();
    const [x, gain, bias] = [writer.leaf(shape), writer.leaf([4]), writer.leaf([4])];
    const weights = [writer.leaf([4, 8]), writer.leaf([8, 4]), writer.leaf([4, 8])] as const;
    const hidden = writer.op("relu", [writer.op("matmul", [x, weights[0]], {}, wide)], {}, wide);
    const sum = writer.op("add", [x, writer.op("matmul", [hidden, weights[1]], {}, shape)], {}, shape);
    const types = [shape, [2, 3, 1], [2, 3, 1]].map((of) => ({ shape: of, dtype: "float32" as const }));
    const [normal, means] = writer.parts("layerNorm", [sum, gain, bias], { epsilon: 1e-5 }, types);
    const result = writer.op("tanh", [writer.op("matmul", [normal!, weights[2]], {}, wide)], {}, wide);
    const graph = writer.graph([result, means!]);
    expect(opsOf(graph).filter((op) => op === "Reshape")).toHaveLength(3); // x, and both outputs
    const given = [filled(shape, 1), filled([4], 2), filled([4], 3)] as const;
    const factors = [filled([4, 8], 4), filled([8, 4], 5), filled([4, 8], 6)] as const;
    const positive = product(given[0].data, factors[0].data, [6, 4, 8]).map((value) => Math.max(0, value));
    const sums = product(positive, factors[1].data, [6, 8, 4]).map((value, i) => value + given[0].data[i]!);
    const mean = (row: readonly number[]) => row.reduce((total, value) => total + value) / 4;
    const rows = Array.from({ length: 6 }, (_, i) => sums.slice(4 * i, 4 * i + 4));
    const scaled = rows.flatMap((row) => {
      const deviation = Math.sqrt(mean(row.map((value) => (value - mean(row)) ** 2)) + 1e-5);
      return row.map((value, j) => ((value - mean(row)) / deviation) * given[1].data[j]! + given[2].data[j]!);
    });
    const [found, centres] = await evaluate(backend, graph, [...given, ...factors]);
    expect(mismatches(found, product(scaled, factors[2].data, [6, 4, 8]).map(Math.tanh))).toEqual([]);
    expect(mismatches(centres, rows.map(mean))).toEqual([]);
  });

  test("of few columns, transposed, are computed with few rows", async () => {
    const [a, b] = [filled([5, 40], 1), filled([40, 20], 2)];
    const writer = new GraphWriter();
    const inputs = [writer.leaf([5, 40]), writer.leaf([40, 20])];
    const c = writer.op("matmul", inputs, {}, [5, 20]);
    const graph = writer.graph([writer.op("transpose", [c], { permutation: [1, 0] }, [20, 5])]);
    expect(opsOf(graph).filter((op) => op !== "SequenceConstruct")).toEqual(["Gemm", "Transpose"]);
    const expected = product(a.data, b.data, [5, 40, 20]);
    const [found] = await evaluate(backend, graph, [a, b]);
    expect(
      mismatches(
        found,
        expected.map((_, i) => expected[(i % 5) * 20 + Math.floor(i / 5)]!),
      ),
    ).toEqual([]);
  });
});

/** The ONNX ops that compute a graph. */
function opsOf(graph: Graph): readonly string[] {
  return fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs).bytes).graph!.node.map(({ opType }) => opType);
}
