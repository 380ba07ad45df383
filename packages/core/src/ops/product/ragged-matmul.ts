import { defineOp, record } from "../../graph/op.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { full } from "../creation.ts";
import { operands, withOp } from "../family.ts";
import { indicesOf } from "../layout/indices.ts";
import { transpose } from "../layout/movement.ts";

const raggedMatmulOp = defineOp({
  name: "raggedMatmul",
  shape: "rows inner, groups inner columns, groups -> rows columns",
  names: ["x", "matrices", "sizes"],
  accepts: ["floating", "floating", "number"],
  grad: (g, [x, matrices, sizes]) => [
    raggedMatmul(g, transpose(matrices!, [0, 2, 1]), sizes!),
    raggedContraction(x!, g, sizes!),
    undefined,
  ],
  whenEmpty: (_inputs, _attributes, { shape, dtype }) => full(shape, 0, { dtype }),
});

/**
 * Products of groups of rows, each with its own matrix: y[r] = x[r] · matrices[g] for every row r of group g. The rows
 * are in the order of their groups: the first sizes[0] rows are of group 0, the next sizes[1] of group 1, and so on.
 * Groups may be empty; rows after the last group give zeros. It costs one product of all rows, whatever the sizes are.
 *
 * x is [rows, inner], matrices are [groups, inner, columns], and sizes are [groups] of int32; the result is [rows,
 * columns].
 *
 * @throws ShapeError if the lengths do not fit; BackendError, when it runs, for sizes that are negative or exceed the
 * rows
 * @example raggedMatmul(tensor([[1], [2], [3]]), tensor([[[10]], [[100]]]), integers([1, 2]))  // [[10], [200], [300]]
 */
export const raggedMatmul = withOp(raggedMatmulOp, (x: TensorLike, matrices: TensorLike, sizes: TensorLike): Tensor => {
  const [rows, factors] = operands("raggedMatmul", x, matrices);
  return record(raggedMatmulOp, [rows, factors, indicesOf("raggedMatmul", sizes)]);
});

const raggedContractionOp = defineOp({
  name: "raggedContraction",
  shape: "rows inner, rows columns, groups -> groups inner columns",
  names: ["a", "b", "sizes"],
  accepts: ["floating", "floating", "number"],
  grad: (g, [a, b, sizes]) => [
    raggedMatmul(b!, transpose(g, [0, 2, 1]), sizes!),
    raggedMatmul(a!, g, sizes!),
    undefined,
  ],
  whenEmpty: (_inputs, _attributes, { shape, dtype }) => full(shape, 0, { dtype }),
});

/**
 * Sums of outer products of the rows of each group: c[g] = Σ a[r] ⊗ b[r] over the rows r of group g, with groups as in
 * `raggedMatmul`, whose matrices have this as their gradient. An empty group gives zeros.
 *
 * a is [rows, inner], b is [rows, columns], and sizes are [groups] of int32; the result is [groups, inner, columns].
 *
 * @throws ShapeError and BackendError as `raggedMatmul`
 * @example raggedContraction(tensor([[1], [2], [3]]), tensor([[1], [1], [1]]), integers([1, 2]))  // [[[1]], [[5]]]
 */
export const raggedContraction = withOp(
  raggedContractionOp,
  (a: TensorLike, b: TensorLike, sizes: TensorLike): Tensor => {
    const [left, right] = operands("raggedContraction", a, b);
    return record(raggedContractionOp, [left, right, indicesOf("raggedContraction", sizes)]);
  },
);
