import type { TypedArray } from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";
import { at, signed, type PlainOps } from "./kernel.ts";
import { accumulator, store } from "./reduction.ts";
import { broadcastStrides, Rows } from "./rows.ts";

/** Matrix products: [..., m, k] times [..., k, n], over batches that broadcast. */
export const products: PlainOps = {
  matmul: {
    dtypes: signed,
    kernel: (node, inputs) => {
      const [a, b] = [at(inputs, 0).shape, at(inputs, 1).shape];
      const [m, k, n] = [a.at(-2)!, a.at(-1)!, b.at(-1)!];
      const batch = node.shape.slice(0, -2);
      const scaled = (shape: readonly number[], matrix: number): number[] =>
        broadcastStrides(shape.slice(0, -2), batch).map((stride) => stride * matrix);
      const batches = new Rows(batch, [scaled(a, m * k), scaled(b, k * n)]);
      const [leftStep, rightStep] = [at(batches.steps, 0), at(batches.steps, 1)];
      const multiplyRow = node.dtype === "int32" ? integerRow : floatRow;
      return ([left, right]) => {
        const result = accumulator(node.dtype, sizeOf(node.shape));
        let output = 0;
        batches.forEach(([leftStart = 0, rightStart = 0]) => {
          for (let count = 0; count < batches.length; count++) {
            const first = leftStart + count * leftStep;
            const second = rightStart + count * rightStep;
            const matrix = right!.subarray(second, second + k * n);
            for (let row = 0; row < m; row++, output += n) {
              multiplyRow(
                left!.subarray(first + row * k, first + (row + 1) * k),
                matrix,
                result.subarray(output, output + n),
              );
            }
          }
        });
        return store(result, node.dtype);
      };
    },
  },
};

/**
 * One row of the left matrix times the right matrix: it adds up rows of the right matrix, so memory is read in order.
 */
export function floatRow(factors: TypedArray, matrix: TypedArray, sums: TypedArray): void {
  const k = factors.length;
  const n = sums.length;
  let step = 0;
  // Four rows at a time, so that the sums are loaded and stored a quarter as often.
  for (; step + 3 < k; step += 4) {
    const [f0, f1, f2, f3] = [factors[step]!, factors[step + 1]!, factors[step + 2]!, factors[step + 3]!];
    const r0 = step * n;
    const [r1, r2, r3] = [r0 + n, r0 + 2 * n, r0 + 3 * n];
    for (let column = 0; column < n; column++) {
      sums[column] =
        sums[column]! +
        f0 * matrix[r0 + column]! +
        f1 * matrix[r1 + column]! +
        f2 * matrix[r2 + column]! +
        f3 * matrix[r3 + column]!;
    }
  }
  for (; step < k; step++) {
    const factor = factors[step]!;
    for (let column = 0; column < n; column++) sums[column] = sums[column]! + factor * matrix[step * n + column]!;
  }
}

/** The same for integers, which wrap around. */
function integerRow(factors: TypedArray, matrix: TypedArray, sums: TypedArray): void {
  const n = sums.length;
  for (let step = 0; step < factors.length; step++) {
    const factor = factors[step]!;
    for (let column = 0; column < n; column++)
      sums[column] = sums[column]! + Math.imul(factor, matrix[step * n + column]!);
  }
}
