import { iota, lessEqual, reshape, where, type Tensor } from "@ansatz/core";

/** The matrix with zeros below its diagonal, or with `lower` above it. */
export function triangle(matrix: Tensor, lower: boolean): Tensor {
  const size = matrix.shape.at(-1)!;
  const [rows, columns] = [reshape(iota(size), [size, 1]), iota(size)];
  return where(lower ? lessEqual(columns, rows) : lessEqual(rows, columns), matrix, 0);
}
