import { numberAttribute, allocate, sizeOf } from "@ansatz/core/plugin";
import { anything, signed, type PlainOps } from "./kernel.ts";

/** Ops without inputs. */
export const creation: PlainOps = {
  constant: {
    dtypes: anything,
    kernel: (node) => {
      const value = numberAttribute(node, "value");
      return () => allocate(node.dtype, sizeOf(node.shape)).fill(value);
    },
  },
  iota: {
    dtypes: signed,
    kernel: (node) => () => {
      const result = allocate(node.dtype, sizeOf(node.shape));
      for (let index = 0; index < result.length; index++) result[index] = index;
      return result;
    },
  },
};
