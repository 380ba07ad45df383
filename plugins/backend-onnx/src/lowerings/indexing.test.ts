import { BackendError } from "@ansatz/core";
import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";
import { f32, GraphWriter, i32, mismatches, runOp } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const [rows, width, count] = [7, 64, 256];
const type = { shape: [rows, width], dtype: "float32" as const };
const base = Array.from({ length: rows * width }, (_, i) => Math.sin(i));
const updates = Array.from({ length: count * width }, (_, i) => Math.cos(3 * i));
const places = Array.from({ length: count }, (_, i) => (i * i) % 5); // 5 and 6 get nothing

const scatter = async (indices: readonly number[], added: readonly number[]) =>
  (
    await runOp(
      backend,
      "scatterAdd",
      [f32([rows, width], base), i32([count], indices), f32([count, width], added)],
      { axis: 0 },
      type,
    )
  )[0]!;

function expected(indices: readonly number[], added: readonly number[]): number[] {
  const sum = [...base];
  added.forEach((value, i) => (sum[indices[Math.floor(i / width)]! * width + (i % width)]! += value));
  return sum;
}

describe("many rows added to few rows", () => {
  test("are a product, which sums them by row", async () => {
    expect(mismatches(await scatter(places, updates), expected(places, updates))).toEqual([]);
    const writer = new GraphWriter();
    const [x, own, added] = [writer.leaf(type.shape), writer.leaf([count], "int32"), writer.leaf([count, width])];
    const graph = writer.graph([writer.op("scatterAdd", [x, own, added], { axis: 0 }, type.shape)]);
    expect(new TextDecoder("latin1").decode(buildModel(graph, graph.outputs).bytes)).toContain("Gemm");
  });

  test.each([NaN, Infinity, -Infinity])("with %d among them, change no other row", async (value) => {
    const some = updates.with(3 * width + 5, value);
    const found = await scatter(places, some);
    expect(mismatches(found, expected(places, some))).toEqual([]);
    expect(found.filter((own) => !Number.isFinite(own))).toHaveLength(1);
  });

  test.each([rows, -1, 2 ** 31 - 1])("with the index %d is an error", async (index) => {
    await expect(scatter(places.with(9, index), updates)).rejects.toThrow(BackendError);
  });
});
