import { BackendError, type TypedArray } from "@ansatz/core";
import { sizeOf, type GraphNode } from "@ansatz/core/plugin";
import { at, floats, type PlainOps } from "./kernel.ts";
import { floatRow } from "./matmul.ts";
import { accumulator, store } from "./reduction.ts";

/** Products of groups of rows. */
export const raggedProducts: PlainOps = {
  raggedMatmul: {
    dtypes: floats,
    kernel: (node, inputs) => {
      const [rows, inner] = at(inputs, 0).shape as [number, number];
      const columns = at(node.shape, 1);
      return ([x, matrices, sizes]) => {
        const result = accumulator(node.dtype, sizeOf(node.shape));
        for (const [group, row] of rowsOf(node, sizes!, rows))
          floatRow(
            x!.subarray(row * inner, (row + 1) * inner),
            matrices!.subarray(group * inner * columns, (group + 1) * inner * columns),
            result.subarray(row * columns, (row + 1) * columns),
          );
        return store(result, node.dtype);
      };
    },
  },
  raggedContraction: {
    dtypes: floats,
    kernel: (node, inputs) => {
      const rows = at(at(inputs, 0).shape, 0);
      const [, inner, columns] = node.shape as [number, number, number];
      return ([a, b, sizes]) => {
        const result = accumulator(node.dtype, sizeOf(node.shape));
        for (const [group, row] of rowsOf(node, sizes!, rows)) {
          for (let i = 0; i < inner; i++) {
            const factor = a![row * inner + i]!;
            const start = (group * inner + i) * columns;
            for (let column = 0; column < columns; column++)
              result[start + column] = result[start + column]! + factor * b![row * columns + column]!;
          }
        }
        return store(result, node.dtype);
      };
    },
  },
};

/** Each row that belongs to a group, with its group. */
function* rowsOf(node: GraphNode, sizes: TypedArray, rows: number): Generator<readonly [group: number, row: number]> {
  checkSizes(node.op, sizes, rows);
  let row = 0;
  for (const [group, size] of sizes.entries()) for (const end = row + size; row < end; row++) yield [group, row];
}

/** @throws BackendError for a negative size, or if the groups have more rows than there are */
export function checkSizes(op: string, sizes: TypedArray, rows: number): void {
  let total = 0;
  for (const [group, size] of sizes.entries()) {
    total += size;
    if (size < 0 || total > rows)
      throw new BackendError(
        `${op}: group ${group} has ${size} rows` +
          (size < 0 ? "\n" : `, and with it all groups have ${total} of ${rows}\n`) +
          `  sizes: [${sizes.join(",")}]\n  no size may be negative, and together they may not exceed the rows`,
      );
  }
}
