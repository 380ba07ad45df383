import { setWasmPaths, type BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import factory from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js";
// @ts-expect-error: this file of tfjs has no types
import { wasmWorkerContents } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js";
import { env, registerBackend, removeBackend, setBackend } from "@tensorflow/tfjs-core";
import { backendOf, workerProgram, type EmscriptenFactory } from "./emscripten.ts";

/** The WebAssembly modules. Bundlers recognise exactly these expressions, and copy the files. */
const files = {
  "tfjs-backend-wasm.wasm": new URL("../wasm/tfjs-backend-wasm.wasm", import.meta.url).href,
  "tfjs-backend-wasm-simd.wasm": new URL("../wasm/tfjs-backend-wasm-simd.wasm", import.meta.url).href,
  "tfjs-backend-wasm-threaded-simd.wasm": new URL("../wasm/tfjs-backend-wasm-threaded-simd.wasm", import.meta.url).href,
};
/**
 * The script that the threads run. By default tfjs gives them the text of one of its functions, but a bundler may have
 * changed that function so that it no longer works on its own.
 */
const script = new URL("../wasm/tfjs-backend-wasm-threaded-simd.js", import.meta.url).href;

const { navigator } = globalThis as unknown as { readonly navigator: { readonly hardwareConcurrency: number } };

/**
 * Starts tfjs's WebAssembly backend in a browser: with SIMD if the browser has it, and with threads if the page is
 * cross-origin isolated.
 */
export async function startTfjs(threads = Math.min(navigator.hardwareConcurrency, 8)): Promise<boolean> {
  const [simd, shared] = await Promise.all([
    env().getAsync("WASM_HAS_SIMD_SUPPORT"),
    env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT"),
  ]);
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // tfjs must not start threads itself
  setWasmPaths(files);
  if (threads > 1 && simd === true && shared === true) {
    removeBackend("wasm");
    registerBackend("wasm", () => threadedBackend(threads));
  }
  return setBackend("wasm");
}

async function threadedBackend(threads: number): Promise<BackendWasm> {
  const thread = URL.createObjectURL(
    new Blob([workerProgram(wasmWorkerContents as string)], { type: "text/javascript" }),
  );
  const locateFile = (name: string) => (name.endsWith(".worker.js") ? thread : files[name as keyof typeof files]);
  return withCores(2 * threads, async () =>
    backendOf(await (factory as unknown as EmscriptenFactory)({ locateFile, mainScriptUrlOrBlob: script }), threads),
  );
}

/**
 * Runs `make` while the browser appears to have `count` cores. tfjs's module reads their number when it starts, and
 * uses half of them for threads.
 */
async function withCores<R>(count: number, make: () => Promise<R>): Promise<R> {
  Object.defineProperty(navigator, "hardwareConcurrency", { value: count, configurable: true });
  try {
    return await make();
  } finally {
    Reflect.deleteProperty(navigator, "hardwareConcurrency");
  }
}
