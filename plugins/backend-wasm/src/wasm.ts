import "@tensorflow/tfjs-backend-wasm"; // tells tfjs of its backend
import { startTfjs } from "#platform"; // node.ts or browser.ts
import { ArgumentError, BackendError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { fuse, isElementwise } from "@ansatz/simd";
import { foldTransposes, tfjsBackend, type TfjsEngine } from "@ansatz/tfjs";
import { getThreadsCount, type BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { env, findBackend, ready } from "@tensorflow/tfjs-core";
import { fused } from "./fused.ts";
import { sum, transpose } from "./matrices.ts";
import { isPlainProduct, matmul } from "./matmul.ts";

export interface WasmOptions {
  /**
   * Threads that share the work of one product; as many as the machine has by default, 8 at the most. In a browser they
   * need cross-origin isolation.
   */
  readonly threads?: number;
}

interface Running {
  readonly engine: TfjsEngine;
  /** Whether the machine has SIMD, which the kernels of our own need; without it tfjs does what they do. */
  readonly simd: boolean;
  /** What was asked for; undefined for as many as there are. */
  readonly threads: number | undefined;
}

/** tfjs's kernels belong to one WebAssembly module, so a process has one engine, which all backends share. */
let running: Promise<Running> | undefined;

/**
 * The backend on WebAssembly: kernels of @tensorflow/tfjs-backend-wasm, with SIMD and threads, in Node and in browsers.
 * It holds float32, int32, uint32 and bool.
 *
 * @throws ArgumentError when the number of threads is no whole number from 1 to 8, or another one than the process
 * began with
 * @example await use(await wasm())
 */
export async function wasm(options: WasmOptions = {}): Promise<Backend> {
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 8))
    throw new ArgumentError(`wasm: threads is ${threads}\n  use a whole number from 1 to 8`);
  running ??= start(threads);
  const { engine, simd, threads: first } = await running;
  if (threads !== undefined && threads !== first)
    throw new ArgumentError(
      `wasm: this process runs WebAssembly with ${first ?? "all"} threads, and cannot begin again with ${threads}\n  give the number the first time, or not at all`,
    );
  return tfjsBackend(
    "wasm",
    engine,
    simd
      ? {
          ops: { matmul, sum, transpose },
          partsOps: { fused },
          isOwn,
          rewrite: (graph) => fuse(foldTransposes(graph, isPlainProduct)),
        }
      : {},
  );
}

/** Whether elementwise work on floats is joined into kernels of our own, though tfjs could do it. */
function isOwn(op: string): boolean {
  const [float, truth] = [
    { shape: [], dtype: "float32" },
    { shape: [], dtype: "bool" },
  ] as const;
  return isElementwise(op, float, op === "where" ? [truth, float, float] : [float]);
}

async function start(threads: number | undefined): Promise<Running> {
  if (!(await startTfjs(threads)))
    throw new BackendError(
      "wasm: the WebAssembly module of @tensorflow/tfjs-backend-wasm did not start; the reason is on the console\n  in a browser, see that the folder wasm/ of @ansatz/backend-wasm is served beside that of the bundle; in Node, install the package again",
    );
  await ready();
  const backend = findBackend("wasm") as BackendWasm;
  const simd = (await env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true;
  const count = getThreadsCount();
  const engine: TfjsEngine = {
    name: "wasm",
    device: `WebAssembly ${simd ? "with" : "without"} SIMD, ${count} thread${count === 1 ? "" : "s"}`,
    backend,
    view: (tensor) => backend.typedArrayFromHeap(tensor),
    write: (data, shape, dtype) => ({
      dataId: backend.write(data as Float32Array, [...shape], dtype),
      shape: [...shape],
      dtype,
    }),
  };
  return { engine, simd, threads };
}
