import type { Backend } from "@ansatz/core";
import { tfjsBackend, type TfjsEngine } from "@ansatz/tfjs";
import "@tensorflow/tfjs-backend-wasm"; // tells tfjs of its backend
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { findBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import { matmul } from "./matmul.ts";

/**
 * The backend on WebAssembly: kernels of @tensorflow/tfjs-backend-wasm, in Node and in browsers. It holds float32, int32, uint32 and bool.
 *
 * @example await use(await wasm())
 */
export async function wasm(): Promise<Backend> {
  await setBackend("wasm");
  await ready();
  const backend = findBackend("wasm") as BackendWasm;
  const engine: TfjsEngine = {
    name: "wasm",
    backend,
    view: (tensor) => backend.typedArrayFromHeap(tensor),
    write: (data, shape, dtype) => ({ dataId: backend.write(data as Float32Array, [...shape], dtype), shape: [...shape], dtype }),
  };
  return tfjsBackend("wasm", engine, { matmul });
}
