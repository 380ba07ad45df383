import {
  abs,
  add,
  broadcastTo,
  cast,
  concat,
  div,
  equal,
  eye,
  gather,
  greater,
  iota,
  less,
  matmul,
  max,
  mul,
  neg,
  reshape,
  scan,
  slice,
  split,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
  zerosLike,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { partsOf, record, type OpDefinition } from "@ansatz/core/plugin";
import { lengthsOf, matrixOf } from "./matrix.ts";
import { solveTriangular } from "./solve-triangular.ts";
import { triangle } from "./triangle.ts";

/** A = Q R. */
export interface QR {
  /** [..., rows, k] with orthonormal columns, where k is the smaller of rows and columns. */
  readonly q: Tensor;
  /** [..., k, columns], upper triangular. */
  readonly r: Tensor;
}

/**
 * The reduced QR decomposition A = Q R, by Householder reflections: one scan over the columns makes R, and another one
 * Q. Golub & Van Loan 2013, Matrix Computations, Algorithms 5.2.1 and 5.1.5.
 *
 * [..., rows, columns] -> q [..., rows, k] and r [..., k, columns] with k = min(rows, columns), as torch.linalg.qr. The
 * signs are LAPACK's: diagonal elements of R may be negative. Q is orthonormal to rounding for any A, also for one that
 * has not full rank; but then only A of full rank has a gradient.
 *
 * @throws ShapeError unless there are two axes or more; DTypeError unless A holds floats
 * @example qr(tensor([[3, 5], [4, 0]])).r  // [[-5, -3], [0, -4]]
 */
export function qr(a: TensorLike): QR {
  const matrix = matrixOf("qr", a);
  const [rows, columns] = lengthsOf(matrix);
  if (rows >= columns) return tall(matrix);
  const [first, rest] = split(matrix, [rows, columns - rows]) as [Tensor, Tensor];
  const { q, r } = tall(first);
  return { q, r: concat([r, matmul(transpose(q), rest)], -1) };
}

const qrOp: OpDefinition = {
  name: "qr",
  infer: ([a]) => {
    const { shape, dtype } = a!;
    return [a!, { shape: [...shape.slice(0, -2), shape.at(-1)!, shape.at(-1)!], dtype }];
  },
  expand: ([a]) => householder(a!),
  partsGradient: ([gQ, gR], _inputs, y) => {
    const [q, r] = partsOf(y) as [Tensor, Tensor];
    return [gradientOf(q, r, gQ ?? zerosLike(q), gR ?? zerosLike(r))];
  },
};

/** The decomposition of a matrix with at least as many rows as columns. */
function tall(matrix: Tensor): QR {
  const [q, r] = partsOf(record(qrOp, [matrix])) as [Tensor, Tensor];
  return { q, r };
}

/** (∂Q + Q S) R⁻ᵀ, where S is symmetric and has the upper triangle of ∂R Rᵀ − Qᵀ ∂Q. Walter & Lehmann 2013. */
function gradientOf(q: Tensor, r: Tensor, gQ: Tensor, gR: Tensor): Tensor {
  const upper = triangle(sub(matmul(gR, transpose(r)), matmul(transpose(q), gQ)), false);
  const diagonal = mul(upper, eye(r.shape.at(-1)!, { dtype: r.dtype }));
  const S = sub(add(upper, transpose(upper)), diagonal);
  return transpose(solveTriangular(r, transpose(add(gQ, matmul(q, S)))));
}

function householder(matrix: Tensor): [q: Tensor, r: Tensor] {
  const { dtype, shape } = matrix;
  const [rows, columns] = lengthsOf(matrix);
  const count = Math.min(rows - 1, columns); // the last column of a square matrix needs no reflection
  const largest = max(abs(matrix), [-2, -1], { keepDims: true });
  const scale = where(equal(largest, 0), 1, largest); // so that no square overflows or vanishes
  // [count, rows, 1]: eⱼ, and 1 below row j
  const [steps, places] = [iota(count).reshape([count, 1, 1]), iota(rows).reshape([rows, 1])];
  const unit = cast(equal(places, steps), dtype);
  const below = cast(greater(places, steps), dtype);

  // Each step reflects x, column j from row j on, onto ∓‖x‖ eⱼ: H = I − τ v vᵀ with v = x ± ‖x‖ eⱼ.
  const [reduced, reflections] = scan(
    (X: Tensor, { j, e, mask }: { j: Tensor; e: Tensor; mask: Tensor }) => {
      const column = gather(X, j, -1); // [..., rows, 1]
      const tail = mul(column, mask);
      const x0 = sum(mul(column, e), -2, { keepDims: true });
      const tailSquares = sum(square(tail), -2, { keepDims: true });
      const length = sqrt(add(tailSquares, square(x0)));
      const v = add(tail, mul(e, add(x0, where(less(x0, 0), neg(length), length))));
      const τ = where(greater(tailSquares, 0), div(1, mul(length, add(length, abs(x0)))), 0);
      const step = mul(τ, v);
      return [sub(X, mul(step, rowTimes(v, X))), { v, step }];
    },
    div(matrix, scale),
    { j: iota(count).reshape([count, 1]), e: unit, mask: below },
  );
  const start = broadcastTo(slice(eye(rows, { dtype }), [null, [0, columns]]), shape);
  const [q] = scan(
    (Q: Tensor, { v, step }: { v: Tensor; step: Tensor }) => [sub(Q, mul(step, rowTimes(v, Q))), []],
    start,
    reflections,
    { reverse: true },
  );
  const top = split(reduced, [columns, rows - columns], -2)[0]!;
  return [q, mul(triangle(top, false), scale)];
}

/** vᵀ X for a column v. */
function rowTimes(v: Tensor, X: Tensor): Tensor {
  return matmul(reshape(v, [...v.shape.slice(0, -2), 1, v.shape.at(-2)!]), X);
}
