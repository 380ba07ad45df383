import "@tensorflow/tfjs-backend-wasm"; // registers the backend with tfjs
import { startTfjs } from "#platform"; // node.ts or browser.ts
import { ArgumentError, BackendError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { fuse, isElementwise } from "@ansatz/simd";
import { foldTransposes, tfjsBackend, type TfjsEngine } from "@ansatz/tfjs";
import { getThreadsCount, type BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { env, findBackend, ready } from "@tensorflow/tfjs-core";
import { prepareFused } from "./fused.ts";
import { prepareSum, prepareTranspose } from "./matrices.ts";
import { isPlainProduct, prepareMatmul } from "./matmul.ts";

export interface WasmOptions {
  /**
   * How many threads share the work of one product, 1 to 8. In a browser threads need cross-origin isolation. Default:
   * as many as the machine has, but at most 8.
   */
  readonly threads?: number;
}

interface Running {
  readonly engine: TfjsEngine;
  /** Whether the machine has SIMD, which Ansatz's own kernels need. Without it, tfjs's kernels are used instead. */
  readonly simd: boolean;
  /** The number of threads that was asked for; undefined for the default. */
  readonly threads: number | undefined;
}

/** tfjs's kernels belong to one WebAssembly module, so all backends of a process share one engine. */
let running: Promise<Running> | undefined;

/**
 * The backend on WebAssembly: the kernels of @tensorflow/tfjs-backend-wasm, with SIMD and threads, in Node and in
 * browsers. It holds float32, int32, uint32 and bool.
 *
 * @throws ArgumentError if the number of threads isn't an integer from 1 to 8, or differs from the number that this
 * process started with
 * @example await use(await wasm())
 */
export async function wasm(options: WasmOptions = {}): Promise<Backend> {
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 8))
    throw new ArgumentError(`wasm: threads is ${threads}\n  use an integer from 1 to 8`);
  running ??= start(threads);
  const { engine, simd, threads: first } = await running;
  if (threads !== undefined && threads !== first)
    throw new ArgumentError(
      `wasm: this process already runs WebAssembly with ${first ?? "all"} threads, and cannot switch to ${threads}\n` +
        "  pass the number in the first call of wasm(), or never",
    );
  return tfjsBackend(
    "wasm",
    engine,
    simd
      ? {
          ops: { matmul: prepareMatmul, sum: prepareSum, transpose: prepareTranspose },
          partsOps: { fused: prepareFused },
          isOwn,
          rewrite: (graph) => fuse(foldTransposes(graph, isPlainProduct)),
        }
      : {},
  );
}

/** Whether one of Ansatz's own kernels computes an elementwise op that tfjs could compute too. */
function isOwn(op: string): boolean {
  const [float, bool] = [
    { shape: [], dtype: "float32" },
    { shape: [], dtype: "bool" },
  ] as const;
  return isElementwise(op, float, op === "where" ? [bool, float, float] : [float]);
}

async function start(threads: number | undefined): Promise<Running> {
  if (!(await startTfjs(threads)))
    throw new BackendError(
      "wasm: the WebAssembly module of @tensorflow/tfjs-backend-wasm did not start; the console shows the reason\n" +
        "  in a browser, serve the folder wasm/ of @ansatz/backend-wasm next to the folder of the bundle; " +
        "in Node, install the package again",
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
