import { numberAttribute, numbersAttribute, textAttribute } from "@ansatz/core/plugin";
import type { Expression } from "@ansatz/simd";
import type { PrepareParts } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { memoryOf, simdKernels } from "./simd-kernels.ts";

/**
 * A node that `fuse` made of several elementwise nodes: one SIMD kernel, which works in the memory of tfjs's module.
 */
export const prepareFused: PrepareParts = (node, inputs, engine) => {
  const backend = engine.backend as BackendWasm;
  const expression = JSON.parse(textAttribute(node, "expression")) as Expression;
  const [rows, columns] = [numberAttribute(node, "rows"), numberAttribute(node, "columns")];
  const strides = numbersAttribute(node, "strides");
  const run = simdKernels.elementwise(expression, memoryOf(backend));
  const parts = node.parts!;
  const places: number[] = strides.flatMap((stride) => [0, stride]);
  return (operands) => {
    const results = parts.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype as "float32" | "bool"));
    for (let i = 0; i < strides.length; i++)
      places[2 * i] = backend.getMemoryOffset((i < inputs.length ? operands[i]! : results[i - inputs.length]!).dataId);
    run(rows, columns, ...places);
    return results;
  };
};
