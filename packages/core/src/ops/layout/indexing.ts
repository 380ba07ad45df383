import { defaultDType } from "../../contract/default-dtype.ts";
import { DTypeError, ShapeError } from "../../contract/errors.ts";
import { defineOp, record } from "../../graph/op.ts";
import { normalizeAxis, sameShape, showShape } from "../../contract/shape.ts";
import { isTensor, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { isCell } from "../../graph/cell.ts";
import { zerosLike } from "../creation.ts";
import { iota } from "../ranges.ts";
import { castTo, toTensor, withOp } from "../family.ts";
import { expandDims } from "./movement.ts";
import { indicesOf } from "./indices.ts";
import { stack } from "./joining.ts";
import { equal } from "../elementwise/logic.ts";

function taken(x: Tensor, indices: Tensor, axis: number): readonly number[] {
  return [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
}

const gatherOp = defineOp({
  name: "gather",
  names: ["x", "indices"],
  accepts: ["any", "number"],
  shape: ([x, indices], { axis }) => {
    if (x!.shape[axis as number] === 0 && indices!.size > 0)
      throw new ShapeError(`gather: axis ${String(axis)} of ${showShape(x!.shape)} has no elements to take`);
    return taken(x!, indices!, axis as number);
  },
  grad: (g, [x, indices], _y, { axis }) => [scatterAdd(zerosLike(x!), indices!, g, axis as number), undefined],
});

/**
 * Takes slices along an axis by position, as PyTorch's `index_select`: a table look-up. Embeddings are gathers along
 * axis 0.
 *
 * @throws DTypeError when the indices are not whole numbers; BackendError, when it runs, for a position that is
 * negative or beyond the axis
 * @example gather(tensor([10, 20, 30]), integers([2, 0]))  // [30, 10]
 */
export const gather = withOp(gatherOp, (x: TensorLike, indices: TensorLike, axis = 0): Tensor => {
  const operand = toTensor(x);
  return record(gatherOp, [operand, indicesOf("gather", indices)], {
    axis: normalizeAxis("gather", axis, operand.rank),
  });
});

const scatterAddOp = defineOp({
  name: "scatterAdd",
  names: ["base", "indices", "updates"],
  accepts: ["number", "number", "number"],
  shape: ([base, indices, updates], { axis }) => {
    const wanted = taken(base!, indices!, axis as number);
    if (!sameShape(updates!.shape, wanted))
      throw new ShapeError(
        `scatterAdd: the updates are ${showShape(updates!.shape)} but must be ${showShape(wanted)}\n` +
          `  base:    ${showShape(base!.shape)}\n  indices: ${showShape(indices!.shape)}`,
      );
    return base!.shape;
  },
  grad: (g, [, indices], _y, { axis }) => [g, undefined, gather(g, indices!, axis as number)],
  whenEmpty: ([base]) => base!,
});

/**
 * Adds slices into a copy of `base` along an axis, by position; slices for one position add up. The transpose of
 * `gather`.
 *
 * @throws ShapeError when the updates do not have the shape that gather would return; BackendError as `gather`
 * @example scatterAdd(tensor([1, 1]), integers([0, 0]), tensor([2, 3]))  // [6, 1]
 */
export const scatterAdd = withOp(
  scatterAddOp,
  (base: TensorLike, indices: TensorLike, updates: TensorLike, axis = 0): Tensor => {
    const operand = toTensor(base);
    return record(scatterAddOp, [operand, indicesOf("scatterAdd", indices), toTensor(updates, operand.dtype)], {
      axis: normalizeAxis("scatterAdd", axis, operand.rank),
    });
  },
);

function alongAxis(name: string, x: Tensor, indices: Tensor, axis: number): void {
  if (x.rank !== indices.rank || x.shape.some((length, i) => i !== axis && length !== indices.shape[i])) {
    throw new ShapeError(
      `${name}: the shapes differ in more than axis ${axis}\n  x:       ${showShape(x.shape)}\n` +
        `  indices: ${showShape(indices.shape)}`,
    );
  }
}

const takeAlongOp = defineOp({
  name: "takeAlongAxis",
  names: ["x", "indices"],
  accepts: ["any", "number"],
  shape: ([x, indices], { axis }) => {
    alongAxis("takeAlongAxis", x!, indices!, axis as number);
    return indices!.shape;
  },
  grad: (g, [x, indices], _y, { axis }) => [scatterAddAlongAxis(zerosLike(x!), indices!, g, axis as number), undefined],
});

/**
 * Picks one element for each index, along an axis, as PyTorch's `gather`: y[i,j] = x[i, indices[i,j]] for axis 1.
 *
 * @throws ShapeError when the shapes differ in another axis; BackendError as `gather`
 * @example takeAlongAxis(tensor([[1, 2], [3, 4]]), integers([[1], [0]]), 1)  // [[2], [3]]
 */
export const takeAlongAxis = withOp(takeAlongOp, (x: TensorLike, indices: TensorLike, axis = -1): Tensor => {
  const operand = toTensor(x);
  return record(takeAlongOp, [operand, indicesOf("takeAlongAxis", indices)], {
    axis: normalizeAxis("takeAlongAxis", axis, operand.rank),
  });
});

const scatterAlongOp = defineOp({
  name: "scatterAddAlongAxis",
  names: ["base", "indices", "updates"],
  accepts: ["number", "number", "number"],
  shape: ([base, indices, updates], { axis }) => {
    alongAxis("scatterAddAlongAxis", base!, indices!, axis as number);
    if (!sameShape(indices!.shape, updates!.shape))
      throw new ShapeError(
        `scatterAddAlongAxis: the updates are ${showShape(updates!.shape)} ` +
          `but the indices are ${showShape(indices!.shape)}`,
      );
    return base!.shape;
  },
  grad: (g, [, indices], _y, { axis }) => [g, undefined, takeAlongAxis(g, indices!, axis as number)],
  whenEmpty: ([base]) => base!,
});

/**
 * Adds one element for each index into a copy of `base`, along an axis. The transpose of `takeAlongAxis`.
 *
 * @throws ShapeError when the shapes do not fit; BackendError as `gather`
 * @example scatterAddAlongAxis(tensor([[1, 2]]), integers([[1, 1]]), tensor([[10, 20]]), 1)  // [[1, 32]]
 */
export const scatterAddAlongAxis = withOp(
  scatterAlongOp,
  (base: TensorLike, indices: TensorLike, updates: TensorLike, axis = -1): Tensor => {
    const operand = toTensor(base);
    return record(
      scatterAlongOp,
      [operand, indicesOf("scatterAddAlongAxis", indices), toTensor(updates, operand.dtype)],
      { axis: normalizeAxis("scatterAddAlongAxis", axis, operand.rank) },
    );
  },
);

/** Where a dynamic slice starts: one int32 vector, or a position for each axis (numbers and 0-d tensors). */
export type Starts = TensorLike | readonly TensorLike[];

function startsOf(op: string, starts: Starts, rank: number): Tensor {
  const single = typeof starts === "number" || isTensor(starts) || isCell(starts);
  const vector = single
    ? indicesOf(op, starts as TensorLike)
    : stack((starts as readonly TensorLike[]).map((start) => indicesOf(op, start)));
  if (!sameShape(vector.shape, [rank]))
    throw new ShapeError(
      `${op}: the starts are ${showShape(vector.shape)} but must be [${rank}], a position for each axis`,
    );
  return vector;
}

const dynamicSliceOp = defineOp({
  name: "dynamicSlice",
  names: ["x", "starts"],
  accepts: ["any", "number"],
  shape: ([x], { sizes }) => {
    const lengths = sizes as readonly number[];
    if (lengths.length !== x!.rank || lengths.some((n, i) => !Number.isInteger(n) || n < 0 || n > x!.shape[i]!)) {
      throw new ShapeError(`dynamicSlice: a part of ${showShape(lengths)} does not fit in ${showShape(x!.shape)}`);
    }
    return lengths;
  },
  grad: (g, [x, starts]) => [dynamicUpdateSlice(zerosLike(x!), g, starts!), undefined],
});

/**
 * A part of fixed size from a position known when it runs. Positions are moved so that the part fits.
 *
 * @throws ShapeError when the part is larger than x
 * @example dynamicSlice(tensor([1, 2, 3, 4]), [2], [2])  // [3, 4]
 */
export const dynamicSlice = withOp(
  dynamicSliceOp,
  (x: TensorLike, starts: Starts, sizes: readonly number[]): Tensor => {
    const operand = toTensor(x);
    return record(dynamicSliceOp, [operand, startsOf("dynamicSlice", starts, operand.rank)], { sizes });
  },
);

const dynamicUpdateOp = defineOp({
  name: "dynamicUpdateSlice",
  names: ["x", "update", "starts"],
  accepts: ["any", "any", "number"],
  shape: ([x, update]) => {
    if (update!.rank !== x!.rank || update!.shape.some((n, i) => n > x!.shape[i]!))
      throw new ShapeError(
        `dynamicUpdateSlice: an update of ${showShape(update!.shape)} does not fit in ${showShape(x!.shape)}`,
      );
    if (update!.dtype !== x!.dtype)
      throw new DTypeError(
        `dynamicUpdateSlice: x is ${x!.dtype} but the update is ${update!.dtype}\n` +
          `  convert it: cast(update, "${x!.dtype}")`,
      );
    return x!.shape;
  },
  grad: (g, [, update, starts]) => [
    dynamicUpdateSlice(g, zerosLike(update!), starts!),
    dynamicSlice(g, starts!, update!.shape),
    undefined,
  ],
  whenEmpty: ([x]) => x!,
});

/**
 * x with a part replaced, at a position known when it runs. Positions are moved so that the part fits. A key-value
 * cache is this.
 *
 * @throws ShapeError when the update is larger than x
 * @example dynamicUpdateSlice(tensor([1, 2, 3]), tensor([9]), [1])  // [1, 9, 3]
 */
export const dynamicUpdateSlice = withOp(
  dynamicUpdateOp,
  (x: TensorLike, update: TensorLike, starts: Starts): Tensor => {
    const operand = toTensor(x);
    return record(dynamicUpdateOp, [
      operand,
      toTensor(update, operand.dtype),
      startsOf("dynamicUpdateSlice", starts, operand.rank),
    ]);
  },
);

/**
 * 1 at each index and 0 elsewhere, along a new last axis. An index out of range gives zeros only, as in JAX.
 *
 * @example oneHot(integers([1, 0]), 2)  // [[0, 1], [1, 0]]
 */
export function oneHot(indices: TensorLike, classes: number): Tensor {
  const positions = indicesOf("oneHot", indices);
  return castTo(equal(expandDims(positions, positions.rank), iota(classes)), defaultDType());
}
