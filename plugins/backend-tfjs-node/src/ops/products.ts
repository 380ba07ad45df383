import type { Prepare } from "@ansatz/tfjs";
import { operation } from "../tensorflow.ts";

/**
 * Products of matrices, over batches that broadcast. `transposeLeft` and `transposeRight` are set where a transposition
 * was folded into the product.
 */
export const products: Readonly<Record<string, Prepare>> = {
  matmul: (node, inputs, engine) => {
    const [left, right] = [node.attributes["transposeLeft"] === true, node.attributes["transposeRight"] === true];
    if (inputs.every(({ shape }) => shape.length === 2))
      return operation(engine, "MatMul", { transpose_a: left, transpose_b: right });
    return operation(engine, "BatchMatMulV2", { adj_x: left, adj_y: right });
  },
};
