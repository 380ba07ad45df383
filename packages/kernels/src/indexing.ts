import { BackendError, type TypedArray } from "@ansatz/core";
import { numberAttribute, allocate, sizeOf, type GraphNode, type TensorType } from "@ansatz/core/plugin";
import { anything, at, numbers, type PlainOps } from "./kernel.ts";
import { accumulator, store } from "./reduction.ts";
import { axisBlocks } from "./rows.ts";

/** Ops that read or add at positions given by a tensor of indices. */
export const indexing: PlainOps = {
  gather: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const { outer, length, inner } = axisBlocks(at(inputs, 0).shape, numberAttribute(node, "axis"));
      const check = indexCheck(node, at(inputs, 0), at(inputs, 1));
      return ([x, indices]) => {
        check(indices!);
        const result = allocate(node.dtype, sizeOf(node.shape));
        let output = 0;
        for (let block = 0; block < outer; block++) {
          for (let position = 0; position < indices!.length; position++, output += inner) {
            const start = (block * length + indices![position]!) * inner;
            if (inner === 1) result[output] = x![start]!;
            else result.set(x!.subarray(start, start + inner), output);
          }
        }
        return result;
      };
    },
  },
  scatterAdd: {
    dtypes: numbers,
    kernel: (node, inputs) => {
      const { outer, length, inner } = axisBlocks(node.shape, numberAttribute(node, "axis"));
      const check = indexCheck(node, at(inputs, 0), at(inputs, 1));
      return ([base, indices, updates]) => {
        check(indices!);
        const sums = copyToSum(base!, node);
        let input = 0;
        for (let block = 0; block < outer; block++) {
          for (let position = 0; position < indices!.length; position++) {
            const start = (block * length + indices![position]!) * inner;
            for (let place = 0; place < inner; place++) sums[start + place] = sums[start + place]! + updates![input++]!;
          }
        }
        return store(sums, node.dtype);
      };
    },
  },
  takeAlongAxis: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const visit = alongAxis(node, at(inputs, 0), at(inputs, 1));
      return ([x, indices]) => {
        const result = allocate(node.dtype, sizeOf(node.shape));
        visit(indices!, (place, position) => (result[position] = x![place]!));
        return result;
      };
    },
  },
  scatterAddAlongAxis: {
    dtypes: numbers,
    kernel: (node, inputs) => {
      const visit = alongAxis(node, at(inputs, 0), at(inputs, 1));
      return ([base, indices, updates]) => {
        const sums = copyToSum(base!, node);
        visit(indices!, (place, position) => (sums[place] = sums[place]! + updates![position]!));
        return store(sums, node.dtype);
      };
    },
  },
};

/** Calls `act` for each index in order, with the place in the array that it points to and with its own position. */
function alongAxis(node: GraphNode, array: TensorType, indexType: TensorType) {
  const axis = numberAttribute(node, "axis");
  const { length } = axisBlocks(array.shape, axis);
  const { outer, length: count, inner } = axisBlocks(indexType.shape, axis);
  const check = indexCheck(node, array, indexType);
  return (indices: TypedArray, act: (place: number, position: number) => void): void => {
    check(indices);
    let position = 0;
    for (let block = 0; block < outer; block++) {
      for (let step = 0; step < count; step++) {
        for (let place = 0; place < inner; place++, position++) {
          act((block * length + indices[position]!) * inner + place, position);
        }
      }
    }
  };
}

function copyToSum(base: TypedArray, node: GraphNode): TypedArray {
  const sums = accumulator(node.dtype, base.length);
  sums.set(base);
  return sums;
}

/**
 * Returns a check that all indices lie on the axis; negative indices do not.
 *
 * @throws BackendError that names the first index that is out of range
 */
export function indexCheck(node: GraphNode, array: TensorType, indexType: TensorType): (indices: TypedArray) => void {
  const axis = numberAttribute(node, "axis");
  const length = at(array.shape, axis);
  return (indices) => {
    for (let position = 0; position < indices.length; position++) {
      const index = indices[position]!;
      if (index >= 0 && index < length) continue;
      throw new BackendError(
        `${node.op}: index ${index} is out of range for axis ${axis} of length ${length}\n` +
          `  x: [${array.shape.join(",")}]\n` +
          `  indices: [${indexType.shape.join(",")}], position ${position} of ${indices.length}\n` +
          `  indices must lie between 0 and ${length - 1}; clamp or mask the others first`,
      );
    }
  };
}
