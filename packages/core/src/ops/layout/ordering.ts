import { ShapeError } from "../../contract/errors.ts";
import { isFloating } from "../../contract/dtype.ts";
import { defineOp, record, type OpDefinition } from "../../graph/op.ts";
import { normalizeAxis, showShape } from "../../contract/shape.ts";
import { part } from "../../graph/part.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { zerosLike } from "../creation.ts";
import { castTo, toTensor, withOp } from "../family.ts";
import { scatterAddAlongAxis } from "./indexing.ts";
import { flip, transpose } from "./movement.ts";

const cumsumOp = defineOp({
  name: "cumsum",
  names: ["x"],
  shape: "... -> ...",
  grad: (g, _inputs, _y, attributes) => {
    const axis = attributes.axis as number;
    return [flip(cumsum(flip(g, axis), axis), axis)];
  },
});

/**
 * Running sum along an axis: y[i] = x[0] + … + x[i].
 *
 * @example cumsum(tensor([1, 2, 3]))  // [1, 3, 6]
 */
export const cumsum = withOp(cumsumOp, (x: TensorLike, axis = -1): Tensor => {
  const operand = toTensor(x);
  const number = operand.dtype === "bool" ? castTo(operand, "int32") : operand;
  return record(cumsumOp, [number], { axis: normalizeAxis("cumsum", axis, operand.rank) });
});

const valuesAndIndices: Pick<OpDefinition, "partsGradient"> = {
  partsGradient: ([g], [x], y) => [
    g === undefined || !isFloating(g.dtype) ? undefined : scatterAddAlongAxis(zerosLike(x!), part(y, 1), g, -1),
  ],
};

const sortOp: OpDefinition = {
  name: "sort",
  infer: ([x]) => [x!, { shape: x!.shape, dtype: "int32" }],
  ...valuesAndIndices,
};

/** Sorted values, and where each stood. */
export interface Sorted {
  readonly values: Tensor;
  /** int32 positions; they carry no gradient. */
  readonly indices: Tensor;
}

/**
 * Sorts along an axis; equals keep their order, NaN counts as the largest.
 *
 * @example sort(tensor([3, 1, 2])).values  // [1, 2, 3]
 */
export const sort = withOp(
  sortOp,
  (x: TensorLike, options: { readonly axis?: number; readonly descending?: boolean } = {}): Sorted =>
    alongLast("sort", toTensor(x), options.axis ?? -1, (last) =>
      record(sortOp, [last], { descending: options.descending ?? false }),
    ),
);

const topKOp: OpDefinition = {
  name: "topK",
  infer: ([x], { k }) => {
    const shape = [...x!.shape.slice(0, -1), k as number];
    if (!Number.isInteger(k) || (k as number) < 0 || (k as number) > x!.shape.at(-1)!) {
      throw new ShapeError(
        `topK: k is ${String(k)} but the axis of ${showShape(x!.shape)} has ${x!.shape.at(-1)} elements`,
      );
    }
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: "int32" },
    ];
  },
  ...valuesAndIndices,
};

/**
 * The k largest elements along an axis, largest first; of equals the first, NaN counts as the largest.
 *
 * @throws ShapeError when the axis is shorter than k
 * @example topK(tensor([3, 1, 2]), 2).values  // [3, 2]
 */
export const topK = withOp(topKOp, (x: TensorLike, k: number, options: { readonly axis?: number } = {}): Sorted =>
  alongLast("topK", toTensor(x), options.axis ?? -1, (last) => record(topKOp, [last], { k })),
);

function alongLast(name: string, x: Tensor, axis: number, order: (x: Tensor) => Tensor): Sorted {
  const at = normalizeAxis(name, axis, x.rank);
  const swap = Array.from({ length: x.rank }, (_, i) => (i === at ? x.rank - 1 : i === x.rank - 1 ? at : i));
  const sorted = order(transpose(x.dtype === "bool" ? castTo(x, "int32") : x, swap));
  return { values: castTo(transpose(part(sorted, 0), swap), x.dtype), indices: transpose(part(sorted, 1), swap) };
}
