import { fileURLToPath } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { add, key, mul, normal, sum, tensor, type DType, type Shape, type Tensor, type TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { onEachBackend, type CreateBackend } from "@ansatz/testkit";

/** Declares tests for every backend. Those of tfjs-node are skipped, with the reason, if its native part is missing. */
export function onEveryBackend(declare: (create: CreateBackend) => void): Promise<void> {
  return onEachBackend({ cpu, onnx, wasm, "tfjs-node": tfjsNode }, declare, { optional: ["tfjs-node"] });
}

/** What PyTorch computed, by op and case: `recorded.qr.square.a`. Written by reference/record.py. */
export const recorded = await (async () => {
  const { tensors } = await loadSafetensors(fileURLToPath(new URL("../reference/linalg.safetensors", import.meta.url)));
  const cases: Record<string, Record<string, Record<string, TensorData>>> = {};
  for (const [path, value] of Object.entries(tensors)) {
    const [op, name, part] = path.split("/") as [string, string, string];
    ((cases[op] ??= {})[name] ??= {})[part] = value;
  }
  return cases;
})();

/** A recorded value in a dtype. */
export function given({ data, shape }: TensorData, dtype: DType = "float32"): Tensor {
  return tensor(data, { shape, dtype });
}

/** A matrix of normal draws. */
export function drawn(shape: Shape, number = 1): Tensor {
  return normal(key(number), shape);
}

/** A matrix of normal draws as the point of a gradient check. */
export async function point(shape: Shape, number = 1): Promise<{ shape: Shape; data: Float32Array }> {
  return { shape, data: Float32Array.from(await drawn(shape, number).data()) };
}

/** A scalar of every element of the results, weighted by cos(1 + position), as in reference/record.py. */
export function weightedSum(results: readonly Tensor[]): Tensor {
  const terms = results.map((x) => {
    const weights = Float64Array.from({ length: x.size }, (_, position) => Math.cos(1 + position));
    return sum(mul(x, tensor(weights, { shape: x.shape, dtype: x.dtype })));
  });
  return terms.reduce((a, b) => add(a, b));
}
