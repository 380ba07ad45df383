import type { DType, TypedArray } from "@ansatz/core";
import {
  numberAttribute,
  numbersAttribute,
  allocate,
  sizeOf,
  type GraphNode,
  type TensorType,
} from "@ansatz/core/plugin";
import { at, signed, type PlainOp, type PlainOps } from "./kernel.ts";
import { axisBlocks, Rows, stridesOf } from "./rows.ts";

/** Ops that reduce axes. */
export const reductions: PlainOps = {
  sum: reduction(0, (a, b) => a + b),
  prod: reduction(1, (a, b) => a * b, Math.imul),
  max: reduction(-Infinity, Math.max),
  min: reduction(Infinity, Math.min),
  argmax: firstExtremum((value, best) => value > best),
  argmin: firstExtremum((value, best) => value < best),
};

type Combine = (a: number, b: number) => number;

function reduction(start: number, combine: Combine, integerCombine: Combine = combine): PlainOp {
  return {
    dtypes: signed,
    kernel: (node, inputs) => {
      const { rows, size } = reducedRows(node, at(inputs, 0));
      const [read, write] = [at(rows.steps, 0), at(rows.steps, 1)];
      const first = node.dtype === "int32" ? Math.min(Math.max(start, -(2 ** 31)), 2 ** 31 - 1) : start;
      const join = node.dtype === "int32" ? integerCombine : combine;
      return ([x]) => {
        const values = x!;
        const totals = accumulator(node.dtype, size).fill(first);
        rows.forEach(([input = 0, output = 0]) => {
          if (write === 0) {
            let total = totals[output]!;
            for (let count = 0; count < rows.length; count++) total = join(total, values[input + count * read]!);
            totals[output] = total;
          } else {
            for (let count = 0; count < rows.length; count++) {
              const target = output + count * write;
              totals[target] = join(totals[target]!, values[input + count * read]!);
            }
          }
        });
        return store(totals, node.dtype);
      };
    },
  };
}

/** The input in order together with the result, which does not move along the reduced axes. */
function reducedRows(node: GraphNode, input: TensorType): { rows: Rows; size: number } {
  const axes = new Set(numbersAttribute(node, "axes"));
  const kept = input.shape.map((length, axis) => (axes.has(axis) ? 1 : length));
  const strides = stridesOf(kept).map((stride, axis) => (axes.has(axis) ? 0 : stride));
  return { rows: new Rows(input.shape, [stridesOf(input.shape), strides]), size: sizeOf(node.shape) };
}

/**
 * The array to sum in. Sums of float32 are computed in float64 and rounded once, at the end; integers wrap around in
 * arrays of their own dtype.
 */
export function accumulator(dtype: DType, size: number): Float64Array | Int32Array | Uint32Array {
  if (dtype === "int32") return new Int32Array(size);
  return dtype === "uint32" ? new Uint32Array(size) : new Float64Array(size);
}

/** The sums as an array of the result's dtype. */
export function store(totals: TypedArray, dtype: DType): TypedArray {
  return dtype === "float32" ? Float32Array.from(totals) : totals;
}

/** The index of the first extremum. A NaN counts as more extreme than every number. */
function firstExtremum(better: (value: number, best: number) => boolean): PlainOp {
  return {
    dtypes: signed,
    kernel: (node, inputs) => {
      const { outer, length, inner } = axisBlocks(at(inputs, 0).shape, numberAttribute(node, "axis"));
      return ([x]) => {
        const values = x!;
        const result = allocate(node.dtype, outer * inner);
        for (let block = 0; block < outer; block++) {
          for (let place = 0; place < inner; place++) {
            const start = block * length * inner + place;
            let best = 0;
            for (let step = 1; step < length; step++) {
              const current = values[start + best * inner]!;
              const value = values[start + step * inner]!;
              if (current === current && (value !== value || better(value, current))) best = step;
            }
            result[block * inner + place] = best;
          }
        }
        return result;
      };
    },
  };
}
