import "@tensorflow/tfjs-backend-wasm"; // tells tfjs of its backend
import { ArgumentError, type Backend } from "@ansatz/core";
import { fuse } from "@ansatz/simd";
import { foldTransposes, tfjsBackend, type TfjsEngine } from "@ansatz/tfjs";
import { setThreadsCount, type BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { env, findBackend, ready, registerBackend, removeBackend, setBackend } from "@tensorflow/tfjs-core";
import { fused } from "./fused.ts";
import { sum, transpose } from "./matrices.ts";
import { isPlainProduct, matmul } from "./matmul.ts";

export interface WasmOptions {
  /** Threads that share the work of one product; as many as the machine has by default, 8 at the most. In a browser they need cross-origin isolation. */
  readonly threads?: number;
}

interface Running {
  readonly engine: TfjsEngine;
  /** What was asked for; undefined for as many as there are. */
  readonly threads: number | undefined;
}

/** tfjs's kernels belong to one WebAssembly module, so a process has one engine, which all backends share. */
let running: Promise<Running> | undefined;

/**
 * The backend on WebAssembly: kernels of @tensorflow/tfjs-backend-wasm, with SIMD and threads, in Node and in browsers. It holds float32, int32, uint32 and bool.
 *
 * @throws ArgumentError when the number of threads is no whole number from 1 to 8, or another one than the process began with
 * @example await use(await wasm())
 */
export async function wasm(options: WasmOptions = {}): Promise<Backend> {
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 8)) throw new ArgumentError(`wasm: threads is ${threads}\n  use a whole number from 1 to 8`);
  running ??= start(threads);
  const { engine, threads: first } = await running;
  if (threads !== undefined && threads !== first) throw new ArgumentError(`wasm: this process runs WebAssembly with ${first ?? "all"} threads, and cannot begin again with ${threads}\n  give the number the first time, or not at all`);
  return tfjsBackend("wasm", engine, { ops: { matmul, sum, transpose }, partsOps: { fused }, rewrite: (graph) => fuse(foldTransposes(graph, isPlainProduct)) });
}

async function start(threads: number | undefined): Promise<Running> {
  if (env().get("IS_NODE")) {
    const { threadedBackend, availableThreads, withoutHandlers } = await import("./node.ts");
    const count = threads ?? Math.min(availableThreads(), 8);
    if (count > 1) {
      removeBackend("wasm");
      registerBackend("wasm", () => threadedBackend(count));
    }
    await withoutHandlers(() => setBackend("wasm"));
  } else {
    if (threads !== undefined) setThreadsCount(threads); // tfjs takes no more than the browser has
    await setBackend("wasm");
  }
  await ready();
  const backend = findBackend("wasm") as BackendWasm;
  const engine: TfjsEngine = {
    name: "wasm",
    backend,
    view: (tensor) => backend.typedArrayFromHeap(tensor),
    write: (data, shape, dtype) => ({ dataId: backend.write(data as Float32Array, [...shape], dtype), shape: [...shape], dtype }),
  };
  return { engine, threads };
}
