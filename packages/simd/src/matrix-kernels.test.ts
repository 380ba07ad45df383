import { describe, expect, test } from "vitest";
import { webAssembly, SimdKernels } from "./index.ts";

const kernels = new SimdKernels();
const memory = new webAssembly.Memory({ initial: 64 });

/** Runs a matrix kernel on distinct numbers; returns what it wrote, and the memory after it. */
function run(
  kernel: "transpose" | "columnSums",
  rows: number,
  columns: number,
  written: number,
): { readonly matrix: Float32Array; readonly result: Float32Array; readonly behind: number } {
  const [from, to] = [64, 64 + 4 * rows * columns];
  const matrix = new Float32Array(memory.buffer, from, rows * columns).map((_, i) => Math.fround(Math.sin(i)));
  new Float32Array(memory.buffer, from, rows * columns).set(matrix);
  new Float32Array(memory.buffer, to, written + 1).fill(7);
  kernels[kernel](memory)(rows, columns, from, to);
  return {
    matrix,
    result: new Float32Array(memory.buffer, to, written).slice(),
    behind: new Float32Array(memory.buffer, to, written + 1)[written]!,
  };
}

const sizes = [1, 3, 4, 5, 16, 17, 20, 33, 64];

describe("transpose", () => {
  test.each(sizes.flatMap((rows) => sizes.map((columns) => [rows, columns] as const)))("%i × %i", (rows, columns) => {
    const { matrix, result, behind } = run("transpose", rows, columns, rows * columns);
    expect(result).toEqual(
      Float32Array.from({ length: rows * columns }, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!),
    );
    expect(behind).toBe(7);
  });
});

describe("column sums", () => {
  test.each([1, 2, 127, 128, 129, 300].flatMap((rows) => sizes.map((columns) => [rows, columns] as const)))(
    "%i × %i",
    (rows, columns) => {
      const { matrix, result, behind } = run("columnSums", rows, columns, columns);
      for (const [column, value] of result.entries()) {
        let sum = 0;
        for (let row = 0; row < rows; row++) sum += matrix[row * columns + column]!;
        expect(Math.abs(value - sum)).toBeLessThan(1e-7 * rows);
      }
      expect(behind).toBe(7);
    },
  );
});
