import { DTypeError, ShapeError, type Tensor, type TensorLike } from "@ansatz/core";
import { isFloating, showShape, toTensor } from "@ansatz/core/plugin";

/** The operand of a decomposition: matrices of floats along the last two axes. @throws ShapeError or DTypeError */
export function matrixOf(op: string, x: TensorLike): Tensor {
  const matrix = toTensor(x);
  if (matrix.rank < 2 || matrix.size === 0)
    throw new ShapeError(
      `${op}: ${showShape(matrix.shape)} ${matrix.rank < 2 ? "isn't a matrix" : "has no elements"}\n` +
        "  give a matrix [rows, columns], or a stack of them [..., rows, columns]",
    );
  if (!isFloating(matrix.dtype))
    throw new DTypeError(`${op}: the matrix is ${matrix.dtype}\n  cast it to float32 first`);
  return matrix;
}

/** The same for a square matrix. @throws ShapeError or DTypeError */
export function squareOf(op: string, x: TensorLike): Tensor {
  const matrix = matrixOf(op, x);
  const [rows, columns] = lengthsOf(matrix);
  if (rows !== columns) throw new ShapeError(`${op}: ${showShape(matrix.shape)} isn't square  (... n n)`);
  return matrix;
}

/** The rows and the columns of a matrix. */
export function lengthsOf({ shape }: Tensor): readonly [rows: number, columns: number] {
  return [shape.at(-2)!, shape.at(-1)!];
}
