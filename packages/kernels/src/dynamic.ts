import type { Shape, TypedArray } from "@ansatz/core";
import { allocate, sizeOf } from "@ansatz/core/plugin";
import { anything, at, type PlainOps } from "./kernel.ts";
import { dot } from "./layout.ts";
import { copier, stridesOf } from "./rows.ts";

/** Ops on a region whose position is known only at run time. */
export const dynamic: PlainOps = {
  dynamicSlice: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const { shape } = at(inputs, 0);
      const strides = stridesOf(shape);
      const target = { offset: 0, strides: stridesOf(node.shape) };
      return ([x, starts]) => {
        const offset = dot(clamped(starts!, shape, node.shape), strides);
        const result = allocate(node.dtype, sizeOf(node.shape));
        copier(node.shape, { offset, strides }, target)(x!, result);
        return result;
      };
    },
  },
  dynamicUpdateSlice: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const { shape } = at(inputs, 1);
      const strides = stridesOf(node.shape);
      const source = { offset: 0, strides: stridesOf(shape) };
      return ([x, update, starts]) => {
        const result = x!.slice();
        const offset = dot(clamped(starts!, node.shape, shape), strides);
        copier(shape, source, { offset, strides })(update!, result);
        return result;
      };
    },
  },
};

/** The starts, clamped so that the region fits, as in XLA. */
function clamped(starts: TypedArray, shape: Shape, region: Shape): number[] {
  return shape.map((length, axis) => Math.min(Math.max(starts[axis]!, 0), length - at(region, axis)));
}
