import { sizeOf } from "../../contract/dtype.ts";
import { ShapeError } from "../../contract/errors.ts";
import { normalizeAxis, showShape } from "../../contract/shape.ts";
import { defineOp, record } from "../../graph/op.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { operands, toTensor, withOp } from "../family.ts";
import { expandDims, slice, type SliceRange } from "./movement.ts";

const concatOp = defineOp({
  name: "concat",
  accepts: "any",
  shape: (inputs, attributes) => {
    const axis = attributes.axis as number;
    const first = inputs[0]!;
    for (const x of inputs) {
      if (x.rank !== first.rank || x.shape.some((length, i) => i !== axis && length !== first.shape[i])) {
        throw new ShapeError(
          `concat: the shapes differ in more than axis ${axis}\n  ${inputs.map((y) => showShape(y.shape)).join(" ")}`,
        );
      }
    }
    return first.shape.map((length, i) => (i === axis ? inputs.reduce((sum, x) => sum + x.shape[axis]!, 0) : length));
  },
  grad: (g, inputs, _y, attributes) => {
    const axis = attributes.axis as number;
    let start = 0;
    return inputs.map((x) => {
      const part = slice(
        g,
        g.shape.map((_, i): SliceRange => (i === axis ? [start, start + x.shape[axis]!] : null)),
      );
      start += x.shape[axis]!;
      return part;
    });
  },
  simplify: (inputs) => (inputs.length === 1 ? inputs[0] : undefined),
  whenEmpty: (inputs, attributes) =>
    concat(
      inputs.filter((x) => sizeOf(x.shape) > 0),
      attributes.axis as number,
    ),
});

/**
 * Joins tensors along an axis that exists.
 *
 * @throws ShapeError when they differ in another axis
 * @example concat([tensor([1, 2]), tensor([3])])  // [1, 2, 3]
 */
export const concat = withOp(concatOp, (tensors: readonly TensorLike[], axis = 0): Tensor => {
  if (tensors.length === 0) throw new ShapeError("concat: there is nothing to join\n  give at least one tensor");
  const inputs = sameDType("concat", tensors);
  return record(concatOp, inputs, { axis: normalizeAxis("concat", axis, inputs[0]!.rank) });
});

function sameDType(op: string, tensors: readonly TensorLike[]): Tensor[] {
  const common = tensors.map((x) => toTensor(x)).reduce((a, b) => operands(op, a, b)[0]);
  return tensors.map((x) => operands(op, x, common)[0]);
}

/**
 * Joins tensors of one shape along a new axis.
 *
 * @example stack([tensor([1, 2]), tensor([3, 4])])  // [[1, 2], [3, 4]]
 */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  return concat(
    tensors.map((x) => expandDims(x, axis)),
    axis,
  );
}
