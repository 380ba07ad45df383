import { numbersAttribute, sizeOf } from "@ansatz/core/plugin";
import { swapsLastAxes, type Prepare, type TfjsEngine } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { memoryOf, simdKernels } from "./simd-kernels.ts";

/** Returns a function that transposes each matrix of a tensor. */
export function transposer(engine: TfjsEngine): (x: TensorInfo) => TensorInfo {
  const backend = engine.backend as BackendWasm;
  const run = simdKernels.transpose(memoryOf(backend));
  return (x) => {
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const before = x.shape.slice(0, -2);
    const [matrices, bytes] = [sizeOf(before), 4 * rows * columns];
    const result = backend.makeOutput([...before, columns, rows], "float32");
    const [from, to] = [backend.getMemoryOffset(x.dataId), backend.getMemoryOffset(result.dataId)];
    for (let i = 0; i < matrices; i++) run(rows, columns, from + i * bytes, to + i * bytes);
    return result;
  };
}

/** Transposes matrices, which tfjs's kernel does number by number. Other permutations are left to tfjs. */
export const prepareTranspose: Prepare = (node, _inputs, engine) => {
  if (!swapsLastAxes(node) || node.dtype !== "float32") return undefined;
  const run = transposer(engine);
  return ([x]) => run(x!);
};

/** Sums over leading axes, for which tfjs would transpose first. Other sums are left to tfjs. */
export const prepareSum: Prepare = (node, [input], engine) => {
  const axes = numbersAttribute(node, "axes");
  const leading = axes.length > 0 && axes.every((axis, i) => axis === i) && axes.length < (input?.shape.length ?? 0);
  if (!leading || node.dtype !== "float32" || input === undefined) return undefined;
  const [rows, columns] = [sizeOf(input.shape.slice(0, axes.length)), sizeOf(input.shape.slice(axes.length))];
  if (columns < 4) return undefined;
  const backend = engine.backend as BackendWasm;
  const run = simdKernels.columnSums(memoryOf(backend));
  return ([x]) => {
    const result = backend.makeOutput([...node.shape], "float32");
    run(rows, columns, backend.getMemoryOffset(x!.dataId), backend.getMemoryOffset(result.dataId));
    return result;
  };
};
