import { numberAttribute } from "@ansatz/core/plugin";
import { at, signed, type PlainOps } from "./kernel.ts";
import { accumulator, store } from "./reduction.ts";
import { axisBlocks } from "./rows.ts";

/** Running totals. */
export const cumulative: PlainOps = {
  cumsum: {
    dtypes: signed,
    kernel: (node, inputs) => {
      const { outer, length, inner } = axisBlocks(at(inputs, 0).shape, numberAttribute(node, "axis"));
      return ([x]) => {
        const totals = accumulator(node.dtype, x!.length);
        for (let block = 0; block < outer; block++) {
          const start = block * length * inner;
          for (let place = start; place < start + length * inner; place++) {
            totals[place] = (place < start + inner ? 0 : totals[place - inner]!) + x![place]!;
          }
        }
        return store(totals, node.dtype);
      };
    },
  },
};
