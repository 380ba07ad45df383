import type { Prepare } from "@ansatz/tfjs";
import { operation } from "../tensorflow.ts";

/** Products of matrices, over batches that broadcast. `transposeA` and `transposeB` are set where a transpose was merged with the product. */
export const products: Readonly<Record<string, Prepare>> = {
  matmul: (node, inputs, engine) => {
    const [transposeA, transposeB] = [node.attributes["transposeA"] === true, node.attributes["transposeB"] === true];
    if (inputs.every(({ shape }) => shape.length === 2)) return operation(engine, "MatMul", { transpose_a: transposeA, transpose_b: transposeB });
    return operation(engine, "BatchMatMulV2", { adj_x: transposeA, adj_y: transposeB });
  },
};
