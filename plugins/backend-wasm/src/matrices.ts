import { sizeOf } from "@ansatz/core";
import { numbersOf } from "@ansatz/kernels";
import type { Prepare } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { kernels, memoryOf } from "./kernels.ts";

/** Transposition of matrices: tfjs's kernel moves number by number. Any other order of axes is left to it. */
export const transpose: Prepare = (node, [input], engine) => {
  const permutation = numbersOf(node, "permutation");
  const rank = permutation.length;
  const swapped = rank >= 2 && permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  if (!swapped || node.dtype !== "float32" || input === undefined) return undefined;
  const [rows, columns] = input.shape.slice(-2) as [number, number];
  const [matrices, bytes] = [sizeOf(input.shape.slice(0, -2)), 4 * rows * columns];
  const backend = engine.backend as BackendWasm;
  const run = kernels.transpose(memoryOf(backend));
  return ([x]) => {
    const result = backend.makeOutput([...node.shape], "float32");
    const [from, to] = [backend.getMemoryOffset(x!.dataId), backend.getMemoryOffset(result.dataId)];
    for (let i = 0; i < matrices; i++) run(rows, columns, from + i * bytes, to + i * bytes);
    return result;
  };
};

/** A sum over the first axes, for which tfjs would transpose first. Any other is left to it. */
export const sum: Prepare = (node, [input], engine) => {
  const axes = numbersOf(node, "axes");
  const first = axes.length > 0 && axes.every((axis, i) => axis === i) && axes.length < (input?.shape.length ?? 0);
  if (!first || node.dtype !== "float32" || input === undefined) return undefined;
  const [rows, columns] = [sizeOf(input.shape.slice(0, axes.length)), sizeOf(input.shape.slice(axes.length))];
  if (columns < 4) return undefined;
  const backend = engine.backend as BackendWasm;
  const run = kernels.columnSums(memoryOf(backend));
  return ([x]) => {
    const result = backend.makeOutput([...node.shape], "float32");
    run(rows, columns, backend.getMemoryOffset(x!.dataId), backend.getMemoryOffset(result.dataId));
    return result;
  };
};
