import { sizeOf } from "../../contract/dtype.ts";
import { ShapeError } from "../../contract/errors.ts";
import { defineOp, record } from "../../graph/op.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { full } from "../creation.ts";
import { castTo, operands, withOp } from "../family.ts";
import { reshape, transpose } from "../layout/movement.ts";

const matmulOp = defineOp({
  name: "matmul",
  shape: "... m k, ... k n -> ... m n",
  grad: (g, [a, b]) => [matmul(g, transpose(b!)), matmul(transpose(a!), g)],
  whenEmpty: (_inputs, _attributes, { shape, dtype }) => full(shape, 0, { dtype }),
});

/**
 * Matrix product: c[…,i,j] = Σₖ a[…,i,k] · b[…,k,j]. Leading axes broadcast; a vector acts as a row on the left and as
 * a column on the right.
 *
 * @throws ShapeError when the inner lengths differ
 * @example matmul(tensor([[1, 2], [3, 4]]), tensor([[1], [1]]))  // [[3], [7]]
 */
export const matmul = withOp(matmulOp, (a: TensorLike, b: TensorLike): Tensor => {
  const [promotedX, promotedY] = operands("matmul", a, b);
  const x = promotedX.dtype === "bool" ? castTo(promotedX, "int32") : promotedX;
  const y = promotedY.dtype === "bool" ? castTo(promotedY, "int32") : promotedY;
  if (x.rank === 0 || y.rank === 0) {
    throw new ShapeError(
      `matmul: a scalar isn't a matrix\n  a: ${showShape(x.shape)}\n  b: ${showShape(y.shape)}\n  use mul to scale`,
    );
  }
  if (x.rank === 1) return dropAxis(matmul(reshape(x, [1, x.shape[0]!]), y), y.rank === 1 ? -1 : -2);
  if (y.rank === 1) return dropAxis(matmul(x, reshape(y, [y.shape[0]!, 1])), -1);
  // One large product instead of many: the gradient of a shared matrix is then one product, too.
  if (x.rank > 2 && y.rank === 2 && x.size > 0) {
    const rows = sizeOf(x.shape.slice(0, -1));
    const inner = x.shape.at(-1)!;
    if (inner === y.shape[0])
      return reshape(record(matmulOp, [reshape(x, [rows, inner]), y]), [...x.shape.slice(0, -1), y.shape[1]!]);
  }
  return record(matmulOp, [x, y]);
});

function dropAxis(x: Tensor, axis: -1 | -2): Tensor {
  return reshape(x, axis === -1 ? x.shape.slice(0, -1) : [...x.shape.slice(0, -2), x.shape.at(-1)!]);
}
