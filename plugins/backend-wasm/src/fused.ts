import type { Expression } from "@ansatz/simd";
import type { PrepareParts } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { kernels, memoryOf } from "./kernels.ts";

/** Elementwise nodes that `fuse` joined: one kernel of our own, in the memory of tfjs's module. */
export const fused: PrepareParts = (node, inputs, engine) => {
  const backend = engine.backend as BackendWasm;
  const { expression, rows, columns, strides } = node.attributes as {
    expression: string;
    rows: number;
    columns: number;
    strides: readonly number[];
  };
  const run = kernels.elementwise(JSON.parse(expression) as Expression, memoryOf(backend));
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
