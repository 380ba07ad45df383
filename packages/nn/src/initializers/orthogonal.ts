import {
  div,
  dynamicUpdateSlice,
  iota,
  matmul,
  mul,
  norm,
  normal,
  reshape,
  scan,
  sub,
  transpose,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";
import type { Initializer } from "./basic.ts";

/**
 * Makes independent rows orthonormal by the Gram–Schmidt process. Each row is orthogonalized twice: once is not
 * accurate enough (Kahan & Parlett).
 */
function orthonormalRows(rows: Tensor): Tensor {
  // [rows, columns], no more rows than columns
  const [count, columns] = rows.shape as [number, number];
  const [found] = scan(
    (basis, { row, place }) => {
      const orthogonalized = (v: Tensor): Tensor => sub(v, matmul(matmul(v, transpose(basis)), basis));
      const rest = orthogonalized(orthogonalized(reshape(row, [1, columns])));
      return [dynamicUpdateSlice(basis, div(rest, norm(rest)), [place, 0]), []];
    },
    zeros([count, columns], { dtype: rows.dtype }),
    { row: rows, place: iota(count) },
  );
  return found;
}

/**
 * A random orthogonal matrix times `gain`, which keeps the lengths of vectors. Its rows are orthonormal, or its columns
 * if there are fewer. Saxe, McClelland & Ganguli 2013, arXiv:1312.6120.
 *
 * A kernel counts as a matrix [outputs, all other axes]. A bias starts at zero.
 *
 * @example orthogonal()(key(0), [3, 2]).shape  // [3, 2]
 */
export function orthogonal(options: { readonly gain?: number } = {}): Initializer {
  return (key, shape) => {
    if (shape.length < 2) return zeros(shape);
    const [rows, columns] = [shape[0]!, sizeOf(shape.slice(1))];
    const tall = rows > columns;
    const basis = orthonormalRows(normal(key, tall ? [columns, rows] : [rows, columns]));
    return mul(reshape(tall ? transpose(basis) : basis, shape), options.gain ?? 1);
  };
}
