import { sizeOf } from "../../contract/dtype.ts";
import { ArgumentError, ShapeError } from "../../contract/errors.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, maximum, mul } from "../elementwise/arithmetic.ts";
import { toTensor } from "../family.ts";
import { pad, reshape, slice, transpose, type SliceRange } from "../layout/movement.ts";
import { max, sum } from "../reduction/reduction.ts";

export interface PoolingOptions {
  /** How far the window moves. Default: its own length. */
  readonly stride?: number | readonly number[];
  /** What is added on both sides of each spatial axis. */
  readonly padding?: number | readonly number[];
}

/**
 * The largest element in each window. x is [batch, channels, ...space]; NaN propagates, ties share the gradient.
 *
 * @throws ShapeError when the window is larger than the padded input
 * @example maxPool(tensor([[[1, 3, 2, 4]]]), 2)  // [[[3, 4]]]
 */
export function maxPool(x: TensorLike, window: number | readonly number[], options: PoolingOptions = {}): Tensor {
  return pool("maxPool", toTensor(x), window, options, { fill: -Infinity, pair: maximum, along: max });
}

/**
 * The mean of each window, padding counted as zeros. x is [batch, channels, ...space].
 *
 * @throws ShapeError when the window is larger than the padded input
 * @example averagePool(tensor([[[1, 3, 2, 4]]]), 2)  // [[[2, 3]]]
 */
export function averagePool(x: TensorLike, window: number | readonly number[], options: PoolingOptions = {}): Tensor {
  const operand = toTensor(x);
  const total = pool("averagePool", operand, window, options, { fill: 0, pair: add, along: sum });
  return mul(total, 1 / (typeof window === "number" ? window ** (operand.rank - 2) : sizeOf(window)));
}

/** How the elements of a window become one. */
interface Reduction {
  /** What pads x. */
  readonly fill: number;
  readonly pair: (a: Tensor, b: Tensor) => Tensor;
  readonly along: (x: Tensor, axis: number) => Tensor;
}

function pool(
  name: string,
  x: Tensor,
  window: number | readonly number[],
  options: PoolingOptions,
  { fill, pair, along }: Reduction,
): Tensor {
  const axes = x.rank - 2;
  if (axes < 1)
    throw new ShapeError(
      `${name}: x is ${showShape(x.shape)} but needs a batch axis, a channel axis and at least one more`,
    );
  const each = (what: string, value: number | readonly number[], least: number) => {
    const list = typeof value === "number" ? Array.from({ length: axes }, () => value) : value;
    if (list.length !== axes || list.some((n) => !Number.isInteger(n) || n < least))
      throw new ArgumentError(
        `${name}: ${what} is [${list.join(",")}]\n` +
          `  use a whole number, ${least} or more, for each of the ${axes} spatial axes`,
      );
    return list;
  };
  const lengths = each("the window", window, 1);
  const stride = each("stride", options.stride ?? lengths, 1);
  const padding = each("padding", options.padding ?? 0, 0);
  const padded = pad(x, [[0, 0], [0, 0], ...padding.map((p): readonly [number, number] => [p, p])], { value: fill });
  if (lengths.some((length, i) => length > padded.shape[i + 2]!))
    throw new ShapeError(
      `${name}: a window of ${showShape(lengths)} is larger than the padded input ${showShape(padded.shape)}`,
    );
  const counts = lengths.map((length, i) => Math.floor((padded.shape[i + 2]! - length) / stride[i]!) + 1);
  return String(lengths) === String(stride)
    ? along(tilesOf(padded, lengths, counts), 2)
    : windowsOf(padded, lengths, stride, counts).reduce((a, b) => pair(a, b));
}

/** What each position of a window sees, along the third axis, of windows side by side: a transpose. */
function tilesOf(x: Tensor, window: readonly number[], counts: readonly number[]): Tensor {
  const whole = slice(x, [null, null, ...window.map((length, i): SliceRange => [0, length * counts[i]!])]);
  const outer = x.shape.slice(0, 2);
  const apart = reshape(whole, [...outer, ...window.flatMap((length, i) => [counts[i]!, length])]);
  const inside = window.map((_, i) => 2 * i + 3);
  const together = transpose(apart, [0, 1, ...inside, ...inside.map((axis) => axis - 1)]);
  return reshape(together, [...outer, sizeOf(window), ...counts]);
}

/** What each position of a window sees, of windows that may overlap. */
function windowsOf(
  x: Tensor,
  window: readonly number[],
  stride: readonly number[],
  counts: readonly number[],
): Tensor[] {
  let offsets: readonly number[][] = [[]];
  for (const length of window) offsets = offsets.flatMap((offset) => Array.from({ length }, (_, i) => [...offset, i]));
  return offsets.map((offset) =>
    slice(x, [
      null,
      null,
      ...offset.map((start, i): SliceRange => [start, start + (counts[i]! - 1) * stride[i]! + 1, stride[i]!]),
    ]),
  );
}
