import type { Shape, TypedArray } from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";
import { at } from "./kernel.ts";

/** The strides of a contiguous array: how far apart neighbours along each axis are. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= at(shape, axis);
  }
  return strides;
}

/** The strides that read a contiguous array broadcast to another shape: 0 along the axes that repeat. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((length, axis) => {
    if (axis < missing) return 0;
    return at(from, axis - missing) === length ? at(own, axis - missing) : 0;
  });
}

/**
 * Walks several arrays together, row by row: they have one shape, but each its own strides. Neighbouring axes that all
 * arrays can cross with one stride are merged, so that rows are as long as possible.
 */
export class Rows {
  /** Elements of a row. */
  readonly length: number;
  /** How far each array steps from one element of a row to the next. */
  readonly steps: readonly number[];
  readonly #shape: readonly number[];
  readonly #strides: readonly (readonly number[])[];

  constructor(shape: Shape, strides: readonly (readonly number[])[]) {
    const merged = mergeAxes(shape, strides);
    this.length = merged.shape.at(-1) ?? 1;
    this.steps = merged.strides.map((own) => own.at(-1) ?? 0);
    this.#shape = merged.shape.slice(0, -1);
    this.#strides = merged.strides.map((own) => own.slice(0, -1));
  }

  /**
   * Calls `visit` for each row, with the offset of its first element in each array. The list is reused: do not keep it.
   */
  forEach(visit: (offsets: readonly number[]) => void): void {
    const shape = this.#shape;
    const index = shape.map(() => 0);
    const offsets = this.#strides.map(() => 0);
    for (;;) {
      visit(offsets);
      let axis = shape.length - 1;
      for (; axis >= 0; axis--) {
        const next = at(index, axis) + 1;
        const wrapped = next === at(shape, axis);
        index[axis] = wrapped ? 0 : next;
        const moved = wrapped ? 1 - next : 1;
        for (let array = 0; array < offsets.length; array++) {
          offsets[array] = at(offsets, array) + moved * at(at(this.#strides, array), axis);
        }
        if (!wrapped) break;
      }
      if (axis < 0) return;
    }
  }
}

function mergeAxes(shape: Shape, strides: readonly (readonly number[])[]): { shape: number[]; strides: number[][] } {
  const merged = { shape: [] as number[], strides: strides.map((): number[] => []) };
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = merged.shape.length - 1;
    const joins =
      last >= 0 && strides.every((own, array) => at(at(merged.strides, array), last) === at(own, axis) * length);
    if (joins) merged.shape[last] = at(merged.shape, last) * length;
    else merged.shape.push(length);
    strides.forEach((own, array) => {
      const target = at(merged.strides, array);
      target[joins ? last : target.length] = at(own, axis);
    });
  });
  return merged;
}

/** A region of an array: where it begins, and its strides. */
export interface View {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Copies a region of the given shape from one array into another. */
export function copier(shape: Shape, from: View, to: View): (source: TypedArray, target: TypedArray) => void {
  const rows = new Rows(shape, [from.strides, to.strides]);
  const [read = 0, write = 0] = rows.steps;
  return (source, target) => {
    rows.forEach(([first = 0, second = 0]) => {
      let input = from.offset + first;
      let output = to.offset + second;
      if (read === 1 && write === 1) {
        target.set(source.subarray(input, input + rows.length), output);
        return;
      }
      for (let count = 0; count < rows.length; count++, input += read, output += write) target[output] = source[input]!;
    });
  };
}

/** How an axis lies in memory: `outer` blocks of `length` steps, each step `inner` elements long. */
export interface AxisBlocks {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export function axisBlocks(shape: Shape, axis: number): AxisBlocks {
  return { outer: sizeOf(shape.slice(0, axis)), length: at(shape, axis), inner: sizeOf(shape.slice(axis + 1)) };
}
