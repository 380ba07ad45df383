import { transposesOf, type Prepare } from "@ansatz/tfjs";
import { operation } from "../tensorflow.ts";

/**
 * Products of matrices, over batches that broadcast. `foldTransposes` may have moved a transpose into a product.
 */
export const products: Readonly<Record<string, Prepare>> = {
  matmul: (node, inputs, engine) => {
    const { transposeLeft, transposeRight } = transposesOf(node);
    if (inputs.every(({ shape }) => shape.length === 2))
      return operation(engine, "MatMul", { transpose_a: transposeLeft, transpose_b: transposeRight });
    return operation(engine, "BatchMatMulV2", { adj_x: transposeLeft, adj_y: transposeRight });
  },
};
