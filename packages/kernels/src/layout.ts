import type { TypedArray } from "@ansatz/core";
import { numberAttribute, numbersAttribute, allocate, sizeOf, type Kernel } from "@ansatz/core/plugin";
import { anything, at, type PlainOps } from "./kernel.ts";
import { broadcastStrides, copier, stridesOf, type View } from "./rows.ts";

/** Ops that move values without changing them. */
export const layout: PlainOps = {
  // Values are never written to once they exist, so a reshape can share its input.
  reshape: {
    dtypes: anything,
    kernel:
      () =>
      ([x]) =>
        x!,
  },
  transpose: move((node, inputs) => {
    const strides = stridesOf(at(inputs, 0).shape);
    return { offset: 0, strides: numbersAttribute(node, "permutation").map((axis) => at(strides, axis)) };
  }),
  broadcastTo: move((node, inputs) => ({ offset: 0, strides: broadcastStrides(at(inputs, 0).shape, node.shape) })),
  slice: move((node, inputs) => {
    const strides = stridesOf(at(inputs, 0).shape);
    const step = numbersAttribute(node, "step");
    return {
      offset: dot(numbersAttribute(node, "start"), strides),
      strides: strides.map((stride, axis) => stride * at(step, axis)),
    };
  }),
  flip: move((node, inputs) => {
    const { shape } = at(inputs, 0);
    const strides = stridesOf(shape);
    const axes = new Set(numbersAttribute(node, "axes"));
    return {
      offset: strides.reduce(
        (offset, stride, axis) => (axes.has(axis) ? offset + (at(shape, axis) - 1) * stride : offset),
        0,
      ),
      strides: strides.map((stride, axis) => (axes.has(axis) ? -stride : stride)),
    };
  }),
  pad: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const { shape } = at(inputs, 0);
      const value = numberAttribute(node, "value");
      const strides = stridesOf(node.shape);
      const interior = numbersAttribute(node, "interior");
      const copy = copier(
        shape,
        { offset: 0, strides: stridesOf(shape) },
        {
          offset: dot(numbersAttribute(node, "before"), strides),
          strides: strides.map((stride, axis) => stride * (at(interior, axis) + 1)),
        },
      );
      return ([x]) => {
        const result = allocate(node.dtype, sizeOf(node.shape)).fill(value);
        copy(x!, result);
        return result;
      };
    },
  },
  concat: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const axis = numberAttribute(node, "axis");
      const strides = stridesOf(node.shape);
      let before = 0;
      const copies = inputs.map(({ shape }) => {
        const copy = copier(
          shape,
          { offset: 0, strides: stridesOf(shape) },
          { offset: before * at(strides, axis), strides },
        );
        before += at(shape, axis);
        return copy;
      });
      return (values) => {
        const result = allocate(node.dtype, sizeOf(node.shape));
        copies.forEach((copy, position) => copy(at(values, position), result));
        return result;
      };
    },
  },
};

/** An op that reads its input with different strides. */
function move(view: (...context: Parameters<Kernel<TypedArray>>) => View): PlainOps[string] {
  return {
    dtypes: anything,
    kernel: (node, inputs) => {
      const copy = copier(node.shape, view(node, inputs), { offset: 0, strides: stridesOf(node.shape) });
      return ([x]) => {
        const result = allocate(node.dtype, sizeOf(node.shape));
        copy(x!, result);
        return result;
      };
    },
  };
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, position) => sum + value * at(b, position), 0);
}
