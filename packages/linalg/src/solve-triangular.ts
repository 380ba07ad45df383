import {
  add,
  div,
  eye,
  matmul,
  mul,
  neg,
  scan,
  ShapeError,
  sub,
  sum,
  transpose,
  zerosLike,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { record, sameShape, showShape, type OpDefinition } from "@ansatz/core/plugin";
import { matrixOf, squareOf } from "./matrix.ts";
import { triangle } from "./triangle.ts";

export interface SolveTriangularOptions {
  /** Whether A is lower triangular. The other triangle is not read. Default: false. */
  readonly lower?: boolean;
}

/**
 * The solution X of A X = B for a triangular A, by substitution: one scan over the rows.
 *
 * A is [..., n, n] and B [..., n, columns], with the same leading axes. A zero on the diagonal gives infinities or NaN.
 *
 * @throws ShapeError unless A is square and B fits; DTypeError unless both hold floats
 * @example solveTriangular(tensor([[2, 1], [0, 4]]), tensor([[4], [8]]))  // [[1], [2]]
 */
export function solveTriangular(a: TensorLike, b: TensorLike, { lower = false }: SolveTriangularOptions = {}): Tensor {
  const [A, B] = [squareOf("solveTriangular", a), matrixOf("solveTriangular", b)];
  if (!sameShape(A.shape.slice(0, -1), B.shape.slice(0, -1)))
    throw new ShapeError(
      "solveTriangular: the shapes do not fit\n" +
        `  A: ${showShape(A.shape)}  (... n n)\n  B: ${showShape(B.shape)}  (... n columns)`,
    );
  return record(solveTriangularOp, [A, B], { lower });
}

const solveTriangularOp: OpDefinition = {
  name: "solveTriangular",
  infer: ([_A, B]) => B!,
  expand: ([A, B], attributes) => substitute(A!, B!, attributes["lower"] === true),
  gradient: (g, [A], X, attributes) => {
    const lower = attributes["lower"] === true;
    const gB = solveTriangular(transpose(A!), g, { lower: !lower });
    return [triangle(neg(matmul(gB, transpose(X))), lower), gB];
  },
};

function substitute(A: Tensor, B: Tensor, lower: boolean): Tensor {
  const n = A.shape.at(-1)!;
  const rowsFirst = (x: Tensor): Tensor =>
    transpose(x.reshape([...x.shape.slice(0, -1), 1, x.shape.at(-1)!]), [
      x.rank - 2,
      ...x.shape.slice(0, -2).keys(),
      x.rank - 1,
      x.rank,
    ]); // [n, ..., 1, columns]
  // X has the rows that are solved, and zeros elsewhere.
  const [solution] = scan(
    (X: Tensor, { row, right, e }: { row: Tensor; right: Tensor; e: Tensor }) => {
      const x = div(sub(right, matmul(row, X)), sum(mul(row, transpose(e)), -1, { keepDims: true }));
      return [add(X, mul(e, x)), []];
    },
    zerosLike(B),
    { row: rowsFirst(A), right: rowsFirst(B), e: eye(n, { dtype: A.dtype }).reshape([n, n, 1]) },
    { reverse: !lower },
  );
  return solution;
}
