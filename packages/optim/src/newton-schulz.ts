import {
  add,
  ArgumentError,
  div,
  matmul,
  maximum,
  mul,
  norm,
  ShapeError,
  transpose,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { showShape, toTensor } from "@ansatz/core/plugin";

export interface NewtonSchulzOptions {
  /** The steps of the iteration, from 1 to 99. Default: 5. */
  readonly iterations?: number;
  /** The coefficients a, b and c. Default: 3.4445, −4.775 and 2.0315. */
  readonly coefficients?: readonly [number, number, number];
  /** The least norm ε that the matrix is divided by. Default: 10⁻⁷. */
  readonly epsilon?: TensorLike;
}

/**
 * Approximately the orthogonal matrix closest to the given one, for rules such as Muon: Newton–Schulz steps bring every
 * singular value near 1, between about 0.7 and 1.2 after five steps with the default coefficients. Jordan et al. 2024,
 * kellerjordan.github.io/posts/muon.
 *
 *   X ← X / max(‖X‖, ε)      each step: X ← a X + (b A + c A²) X with A = X Xᵀ
 *
 * [rows, columns] -> the same.
 *
 * @throws ShapeError unless it is a matrix; ArgumentError unless the iterations are a whole number from 1 to 99
 * @example newtonSchulz(tensor([[3, 0], [0, 2]])).shape  // [2, 2]
 */
export function newtonSchulz(matrix: TensorLike, options: NewtonSchulzOptions = {}): Tensor {
  const { iterations = 5, coefficients = [3.4445, -4.775, 2.0315], epsilon: ε = 1e-7 } = options;
  const given = toTensor(matrix);
  if (given.rank !== 2) throw new ShapeError(`newtonSchulz: ${showShape(given.shape)} isn't a matrix  (rows columns)`);
  checkIterations("newtonSchulz", iterations);
  const [rows, columns] = given.shape as [number, number];
  const [a, b, c] = coefficients;
  const wide = rows > columns ? transpose(given) : given;
  let X = div(wide, maximum(norm(wide), ε));
  for (let count = 0; count < iterations; count++) {
    const A = matmul(X, transpose(X));
    X = add(mul(a, X), matmul(add(mul(b, A), mul(c, matmul(A, A))), X));
  }
  return rows > columns ? transpose(X) : X;
}

/** @throws ArgumentError unless the iterations are left out or a whole number from 1 to 99 */
export function checkIterations(op: string, iterations = 5): void {
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > 99)
    throw new ArgumentError(`${op}: ${iterations} iterations\n  use a whole number from 1 to 99`);
}
