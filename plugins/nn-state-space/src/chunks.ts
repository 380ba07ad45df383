import { causalMask, cumsum, DTypeError, exp, expandDims, iota, less, pad } from "@ansatz/core";
import { reshape, scan, ShapeError, slice, squeeze, transpose, where, type Tensor } from "@ansatz/core";
import { isFloating, mapTree, showShape, type MapTree } from "@ansatz/core/plugin";
import { checkSizes } from "./check-sizes.ts";

export interface ChunkOptions {
  /** The greatest number of positions in a chunk. 1 is the recurrence itself, position by position. */
  readonly chunk?: number;
  /** The state before the first position: [batch, heads, state or keys, values]. Default: zeros. */
  readonly state?: Tensor;
}

/**
 * The length of each named axis, after a check that all tensors agree on it and on a floating dtype. The length of an
 * axis with "?" may be 1 instead.
 */
export function lengthsOf(caller: string, tensors: Readonly<Record<string, readonly [x: Tensor, axes: string]>>) {
  const lengths: Record<string, number> = {};
  const [[{ dtype }]] = Object.values(tensors) as [readonly [Tensor, string]];
  for (const [name, [x, axes]] of Object.entries(tensors)) {
    if (!isFloating(x.dtype) || x.dtype !== dtype)
      throw new DTypeError(`${caller}: ${name} is ${x.dtype}\n  use float32 for all tensors, or float64 for all`);
    const fits = axes.split(" ").map((axis, i) => {
      const [length = -1, own] = [x.shape[i], axis.replace("?", "")];
      return (own !== axis && length === 1) || length === (lengths[own] ??= length);
    });
    if (fits.length === x.rank && fits.every(Boolean)) continue;
    const shapes = Object.entries(tensors).map(([own, [t, named]]) => `\n  ${own}: ${showShape(t.shape)}  (${named})`);
    throw new ShapeError(`${caller}: ${name} does not fit${shapes.join("")}`);
  }
  return lengths;
}

/** The length of chunks that cut `time` into as few as possible, none of them longer than `longest`. */
export function chunkLength(caller: string, time: number, longest: number): number {
  checkSizes(caller, { chunk: longest });
  return Math.ceil(Math.max(1, time) / Math.max(1, Math.ceil(time / longest)));
}

/** [batch, heads, time, ...features] -> [chunks, batch, heads, chunk, features], with zeros after the last position. */
export function intoChunks(x: Tensor, chunk: number): Tensor {
  const [batch, heads, time, features = 1] = x.shape as [number, number, number, number?];
  const chunks = Math.ceil(time / chunk);
  const none = [0, 0] as const;
  const whole = pad(reshape(x, [batch, heads, time, features]), [none, none, [0, chunks * chunk - time], none]);
  return transpose(reshape(whole, [batch, heads, chunks, chunk, features]), [2, 0, 1, 3, 4]);
}

/** A recurrence over chunks: their outputs as [batch, heads, time, features], and the last state. */
export function overChunks<Parts extends Readonly<Record<string, Tensor>>>(
  time: number,
  step: (state: Tensor, part: MapTree<Parts, Tensor>) => readonly [state: Tensor, y: Tensor],
  start: Tensor,
  parts: Parts,
): readonly [y: Tensor, state: Tensor] {
  const once = Object.values(parts)[0]!.shape[0] === 1; // needs no loop
  const only = () => mapTree(parts, (x) => squeeze(x as Tensor, 0));
  const [state, stacked] = once ? step(start, only()) : scan(step, start, parts);
  const y = once ? expandDims(stacked, 0) : stacked;
  const [chunks, batch, heads, chunk, features] = y.shape as [number, number, number, number, number];
  const whole = reshape(transpose(y, [1, 2, 0, 3, 4]), [batch, heads, chunks * chunk, features]);
  return [slice(whole, [null, null, [0, time]]), state];
}

/**
 * What is left of a state within chunks whose positions multiply it by e^a, a [..., chunk, 1]. Each sum of logarithms
 * adds what it needs: the difference of two running sums would lose the digits of small decays behind large ones.
 */
export function decaysOf(a: Tensor) {
  const chunk = a.shape.at(-2)!;
  const later = less(iota(chunk), expandDims(iota(chunk), 1)); // column < row
  const sums = cumsum(where(later, a, 0), -2); // of a[k] for column < k ≤ row; 0 above the diagonal
  const between = where(causalMask(chunk), exp(sums), 0); // from column to row  [..., chunk, chunk]
  const fromStart = exp(cumsum(a, -2)); // [..., chunk, 1]
  const last = [null, null, null, -1];
  return { between, fromStart, toEnd: transpose(slice(between, last)), throughout: slice(fromStart, last) };
}
