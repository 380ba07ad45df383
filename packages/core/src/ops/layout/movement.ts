import { sizeOf, type Shape } from "../../contract/dtype.ts";
import { ShapeError } from "../../contract/errors.ts";
import { defineOp, mayPass, record } from "../../graph/op.ts";
import {
  broadcastShapes,
  checkShape,
  inferShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  showShape,
} from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { constant, toTensor, withOp } from "../family.ts";

const reshapeOp = defineOp({
  name: "reshape",
  accepts: "any",
  shape: (_inputs, { to }) => to as Shape,
  grad: (g, [x]) => [reshape(g, x!.shape)],
  simplify: ([x], _attributes, { shape }) => (sameShape(x!.shape, shape) ? x : undefined),
  bypass: ([x], _attributes, { shape }) =>
    x!.node.op === reshapeOp && mayPass(x!) ? reshape(x!.node.inputs[0]!, shape) : undefined,
});

/**
 * The same elements, in row-major order, in another shape. One length may be -1.
 *
 * @throws ShapeError when the elements do not fill the shape
 * @example reshape(tensor([1, 2, 3, 4]), [2, -1])  // [[1, 2], [3, 4]]
 */
export const reshape = withOp(reshapeOp, (x: TensorLike, shape: Shape): Tensor => {
  const operand = toTensor(x);
  return record(reshapeOp, [operand], { to: inferShape("reshape", operand.size, shape) });
});

const transposeOp = defineOp({
  name: "transpose",
  accepts: "any",
  shape: ([x], { permutation }) => (permutation as readonly number[]).map((axis) => x!.shape[axis]!),
  grad: (g, _inputs, _y, { permutation }) => [transpose(g, inverse(permutation as readonly number[]))],
  simplify: ([x], { permutation }) =>
    (permutation as readonly number[]).every((axis, i) => axis === i) ? x : undefined,
  bypass: ([x], attributes) => {
    if (x!.node.op !== transposeOp || !mayPass(x!)) return undefined;
    const permutation = attributes.permutation as readonly number[];
    const first = x!.node.attributes.permutation as readonly number[];
    return transpose(
      x!.node.inputs[0]!,
      permutation.map((axis) => first[axis]!),
    );
  },
});

function inverse(permutation: readonly number[]): readonly number[] {
  const result = new Array<number>(permutation.length);
  for (const [i, axis] of permutation.entries()) result[axis] = i;
  return result;
}

/**
 * The axes in another order; the last two swapped when none is given.
 *
 * @example transpose(tensor([[1, 2], [3, 4]]))  // [[1, 3], [2, 4]]
 */
export const transpose = withOp(transposeOp, (x: TensorLike, permutation?: readonly number[]): Tensor => {
  const operand = toTensor(x);
  const { rank } = operand;
  if (permutation === undefined && rank < 2) {
    throw new ShapeError(
      `transpose: a tensor of ${rank} axes has no last two to swap\n` +
        "  name the order of the axes, or give it more axes with reshape",
    );
  }
  const order = permutation ?? Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  const normal = order.map((axis) => normalizeAxis("transpose", axis, rank));
  if (normal.length !== rank || normal.some((axis, i) => normal.indexOf(axis) !== i)) {
    throw new ShapeError(
      `transpose: [${order.join(",")}] does not order the ${rank} axes of ${showShape(operand.shape)}\n` +
        "  name each axis once",
    );
  }
  return record(transposeOp, [operand], { permutation: normal });
});

const broadcastOp = defineOp({
  name: "broadcastTo",
  accepts: "any",
  shape: (_inputs, { to }) => to as Shape,
  grad: (g) => [g],
  simplify: ([x], _attributes, { shape }) => (sameShape(x!.shape, shape) ? x : undefined),
  bypass: ([x], _attributes, { shape }) =>
    x!.node.op === broadcastOp && mayPass(x!) ? broadcastTo(x!.node.inputs[0]!, shape) : undefined,
});

/**
 * Stretches axes of length 1, and adds axes in front, by NumPy's rule.
 *
 * @throws ShapeError when it cannot be stretched so
 * @example broadcastTo(tensor([1, 2]), [2, 2])  // [[1, 2], [1, 2]]
 */
export const broadcastTo = withOp(broadcastOp, (x: TensorLike, shape: Shape): Tensor => {
  const operand = toTensor(x);
  const common = broadcastShapes(operand.shape, checkShape("broadcastTo", shape));
  if (common === undefined || !sameShape(common, shape)) {
    throw new ShapeError(
      `broadcastTo: ${showShape(operand.shape)} does not stretch to ${showShape(shape)}\n` +
        "  only axes of length 1 stretch, and new axes come in front",
    );
  }
  return record(broadcastOp, [operand], { to: shape });
});

const sliceOp = defineOp({
  name: "slice",
  accepts: "any",
  shape: (_inputs, attributes) => sliceLengths(attributes as unknown as SliceBounds),
  grad: (g, [x], _y, attributes) => {
    const { start, step } = attributes as unknown as SliceBounds;
    const after = x!.shape.map(
      (length, i) => length - start[i]! - (g.shape[i] === 0 ? 0 : (g.shape[i]! - 1) * step[i]! + 1),
    );
    return [record(padOp, [g], { before: start, after, interior: step.map((s) => s - 1), value: 0 })];
  },
  simplify: ([x], _attributes, { shape }) => (sameShape(x!.shape, shape) ? x : undefined),
});

interface SliceBounds {
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly step: readonly number[];
}

function sliceLengths({ start, end, step }: SliceBounds): Shape {
  return start.map((from, i) => Math.max(0, Math.ceil((end[i]! - from) / step[i]!)));
}

/**
 * One entry for each axis: all of it (`null`), from `start` on, or `[start, end]` or `[start, end, step]`. Negative
 * positions count from the back; a negative step goes backwards.
 */
export type SliceRange = null | number | readonly [start: number | null, end: number | null, step?: number];

/**
 * A rectangular part, as Python's `x[start:end:step]` in each axis.
 *
 * @throws ShapeError when there are more ranges than axes, or a step is 0
 * @example slice(tensor([1, 2, 3, 4]), [[1, 3]])  // [2, 3]
 */
export const slice = withOp(sliceOp, (x: TensorLike, ranges: readonly SliceRange[]): Tensor => {
  const operand = toTensor(x);
  if (ranges.length > operand.rank)
    throw new ShapeError(`slice: ${ranges.length} ranges for a tensor of ${operand.rank} axes`);
  const start: number[] = [];
  const end: number[] = [];
  const step: number[] = [];
  const flipped: number[] = [];
  for (const [axis, length] of operand.shape.entries()) {
    const bounds = boundsOf(ranges[axis] ?? null, length);
    start.push(bounds.start);
    end.push(bounds.end);
    step.push(bounds.step);
    if (bounds.backwards) flipped.push(axis);
  }
  return record(sliceOp, [flip(operand, flipped)], { start, end, step });
});

function boundsOf(range: SliceRange, length: number): { start: number; end: number; step: number; backwards: boolean } {
  const [from, to, step = 1] = typeof range === "number" ? [range, null] : (range ?? [null, null]);
  if (!Number.isInteger(step) || step === 0)
    throw new ShapeError(`slice: the step is ${step}\n  use a whole number that is not 0`);
  const backwards = step < 0;
  // Backwards, positions are counted in the flipped axis: the last element is its first.
  const place = (position: number | null, otherwise: number) => {
    if (position === null) return otherwise;
    const fromFront = position < 0 ? position + length : position;
    return Math.min(length, Math.max(0, backwards ? length - 1 - fromFront : fromFront));
  };
  const start = place(from, 0);
  return { start, end: Math.max(start, place(to, length)), step: Math.abs(step), backwards };
}

const padOp = defineOp({
  name: "pad",
  accepts: "any",
  shape: ([x], attributes) => {
    const { before, after, interior } = attributes as unknown as PadWidths;
    return x!.shape.map((length, i) => before[i]! + length + Math.max(0, length - 1) * interior[i]! + after[i]!);
  },
  grad: (g, [x], _y, attributes) => {
    const { before, interior } = attributes as unknown as PadWidths;
    const step = interior.map((width) => width + 1);
    return [
      record(sliceOp, [g], {
        start: before,
        end: before.map((b, i) => (x!.shape[i] === 0 ? b : b + (x!.shape[i]! - 1) * step[i]! + 1)),
        step,
      }),
    ];
  },
  simplify: ([x], _attributes, { shape }) => (sameShape(x!.shape, shape) ? x : undefined),
  whenEmpty: (_inputs, { value }, { shape, dtype }) => broadcastTo(constant(value as number, dtype), shape),
});

interface PadWidths {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly interior: readonly number[];
}

/**
 * Adds `[before, after]` elements of `value` to each axis.
 *
 * @throws ShapeError when a width is negative or an axis has none
 * @example pad(tensor([1, 2]), [[1, 2]])  // [0, 1, 2, 0, 0]
 */
export const pad = withOp(
  padOp,
  (
    x: TensorLike,
    widths: readonly (readonly [number, number])[],
    options: { readonly value?: number } = {},
  ): Tensor => {
    const operand = toTensor(x);
    if (widths.length !== operand.rank)
      throw new ShapeError(
        `pad: ${widths.length} pairs of widths for a tensor of ${operand.rank} axes\n` +
          "  give [before, after] for each axis",
      );
    for (const width of widths.flat())
      if (!Number.isInteger(width) || width < 0)
        throw new ShapeError(`pad: a width is ${width}\n  use whole numbers, 0 or more; slice cuts`);
    return record(padOp, [operand], {
      before: widths.map(([b]) => b),
      after: widths.map(([, a]) => a),
      interior: widths.map(() => 0),
      value: options.value ?? 0,
    });
  },
);

/**
 * Cuts an axis into parts: a number of equal ones, or the given lengths.
 *
 * @throws ShapeError when the lengths do not add up
 * @example split(tensor([1, 2, 3, 4]), 2)[1]  // [3, 4]
 */
export function split(x: TensorLike, parts: number | readonly number[], axis = -1): Tensor[] {
  const operand = toTensor(x);
  const at = normalizeAxis("split", axis, operand.rank);
  const length = operand.shape[at]!;
  const lengths = typeof parts === "number" ? Array.from({ length: parts }, () => length / parts) : parts;
  if (lengths.some((n) => !Number.isInteger(n) || n < 0) || lengths.reduce((a, b) => a + b, 0) !== length) {
    throw new ShapeError(
      `split: axis ${axis} of length ${length} does not split into ` +
        (typeof parts === "number" ? `${parts} equal parts` : `[${parts.join(",")}]`),
    );
  }
  let start = 0;
  return lengths.map((n) => {
    const part = slice(
      operand,
      operand.shape.map((_, i): SliceRange => (i === at ? [start, start + n] : null)),
    );
    start += n;
    return part;
  });
}

const flipOp = defineOp({
  name: "flip",
  accepts: "any",
  shape: ([x]) => x!.shape,
  grad: (g, _inputs, _y, { axes }) => [flip(g, axes as readonly number[])],
  simplify: ([x], { axes }) => ((axes as readonly number[]).length === 0 ? x : undefined),
  bypass: ([x], { axes }) =>
    x!.node.op === flipOp && mayPass(x!) && String(x!.node.attributes.axes) === String(axes)
      ? x!.node.inputs[0]
      : undefined,
});

/**
 * The elements of the named axes in reverse order.
 *
 * @example flip(tensor([1, 2, 3]))  // [3, 2, 1]
 */
export const flip = withOp(flipOp, (x: TensorLike, axes?: number | readonly number[]): Tensor => {
  const operand = toTensor(x);
  return record(flipOp, [operand], { axes: normalizeAxes("flip", axes, operand.rank) });
});

/**
 * A new axis of length 1.
 *
 * @example expandDims(tensor([1, 2]), 1)  // [[1], [2]]
 */
export function expandDims(x: TensorLike, axis: number): Tensor {
  const operand = toTensor(x);
  const at = normalizeAxis("expandDims", axis, operand.rank + 1);
  return reshape(operand, [...operand.shape.slice(0, at), 1, ...operand.shape.slice(at)]);
}

/**
 * Without the named axes of length 1; without all of them when none is named.
 *
 * @throws ShapeError when a named axis is longer
 * @example squeeze(tensor([[1], [2]]))  // [1, 2]
 */
export function squeeze(x: TensorLike, axes?: number | readonly number[]): Tensor {
  const operand = toTensor(x);
  const gone =
    axes === undefined
      ? normalizeAxes("squeeze", undefined, operand.rank).filter((i) => operand.shape[i] === 1)
      : normalizeAxes("squeeze", axes, operand.rank);
  const long = gone.find((axis) => operand.shape[axis] !== 1);
  if (long !== undefined)
    throw new ShapeError(
      `squeeze: axis ${long} of ${showShape(operand.shape)} has length ${operand.shape[long]}, not 1`,
    );
  return reshape(
    operand,
    operand.shape.filter((_, i) => !gone.includes(i)),
  );
}

/**
 * Axes `first` to `last` as one.
 *
 * @example flatten(tensor([[1, 2], [3, 4]]))  // [1, 2, 3, 4]
 */
export function flatten(x: TensorLike, first = 0, last = -1): Tensor {
  const operand = toTensor(x);
  if (operand.rank === 0) return reshape(operand, [1]);
  const from = normalizeAxis("flatten", first, operand.rank);
  const to = normalizeAxis("flatten", last, operand.rank);
  return reshape(operand, [
    ...operand.shape.slice(0, from),
    sizeOf(operand.shape.slice(from, to + 1)),
    ...operand.shape.slice(to + 1),
  ]);
}
