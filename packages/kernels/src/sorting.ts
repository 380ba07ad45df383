import type { TypedArray } from "@ansatz/core";
import { flagAttribute, numberAttribute, allocate } from "@ansatz/core/plugin";
import { at, numbers, type PlainOps, type PlainPartsOp } from "./kernel.ts";

/** Ops that sort the last axis. Equal values keep their order, and NaN counts as larger than every number. */
export const sorting: PlainOps = {
  sort: ordering((node) => flagAttribute(node, "descending")),
  topK: ordering(() => true),
};

function ordering(descends: (node: Parameters<PlainPartsOp["partsKernel"]>[0]) => boolean): PlainPartsOp {
  return {
    dtypes: numbers,
    partsKernel: (node, inputs) => {
      const { shape, dtype } = at(inputs, 0);
      const length = at(shape, shape.length - 1);
      const kept = node.op === "topK" ? numberAttribute(node, "k") : length;
      const direction = descends(node) ? -1 : 1;
      return ([x]) => {
        const rows = x!.length / length;
        const values = allocate(dtype, rows * kept);
        const indices = new Int32Array(rows * kept);
        for (let row = 0; row < rows; row++) {
          const source = x!.subarray(row * length, (row + 1) * length);
          const order = Int32Array.from(source.keys()).toSorted((a, b) => direction * compare(source, a, b));
          for (let place = 0; place < kept; place++) {
            indices[row * kept + place] = order[place]!;
            values[row * kept + place] = source[order[place]!]!;
          }
        }
        return [values, indices];
      };
    },
  };
}

function compare(source: TypedArray, first: number, second: number): number {
  const [a, b] = [source[first]!, source[second]!];
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(a !== a) - Number(b !== b);
}
