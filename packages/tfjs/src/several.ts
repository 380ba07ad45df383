import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "./tfjs-engine.ts";

/** Runs several kernels as one. Tensors that are passed to `own` are freed at the end. */
export function several(engine: TfjsEngine, run: (own: (tensor: TensorInfo) => TensorInfo) => TensorInfo): TensorInfo {
  const owned: TensorInfo[] = [];
  try {
    return run((tensor) => {
      owned.push(tensor);
      return tensor;
    });
  } finally {
    for (const { dataId } of owned) engine.backend.disposeData(dataId);
  }
}
