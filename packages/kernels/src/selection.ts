import { allocate, sizeOf } from "@ansatz/core/plugin";
import { anything, at, type PlainOps } from "./kernel.ts";
import { broadcastStrides, Rows } from "./rows.ts";

/** Ops that choose or convert values. */
export const selection: PlainOps = {
  where: {
    dtypes: ["bool"],
    kernel: (node, inputs) => {
      const size = sizeOf(node.shape);
      const rows = new Rows(
        node.shape,
        inputs.map((input) => broadcastStrides(input.shape, node.shape)),
      );
      const [conditionStep, leftStep, rightStep] = [at(rows.steps, 0), at(rows.steps, 1), at(rows.steps, 2)];
      return ([condition, a, b]) => {
        const result = allocate(node.dtype, size);
        let output = 0;
        rows.forEach(([conditionStart = 0, leftStart = 0, rightStart = 0]) => {
          for (let count = 0; count < rows.length; count++) {
            const chosen = condition![conditionStart + count * conditionStep]! !== 0;
            result[output++] = chosen ? a![leftStart + count * leftStep]! : b![rightStart + count * rightStep]!;
          }
        });
        return result;
      };
    },
  },
  cast: {
    dtypes: anything,
    kernel: (node, inputs) => {
      const convert = conversion(at(inputs, 0).dtype, node.dtype);
      return ([x]) => {
        const values = x!;
        const result = allocate(node.dtype, values.length);
        for (let index = 0; index < values.length; index++) result[index] = convert(values[index]!);
        return result;
      };
    },
  },
};

/** Floats saturate when they become integers. Integers wrap around among themselves, which storing does by itself. */
function conversion(from: string, to: string): (x: number) => number {
  if (to === "bool") return (x) => Number(x !== 0);
  if (!from.startsWith("float")) return (x) => x;
  if (to === "int32") return (x) => Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1);
  if (to === "uint32") return (x) => Math.min(Math.max(x, 0), 2 ** 32 - 1);
  return (x) => x;
}
