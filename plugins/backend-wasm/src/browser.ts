import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { setBackend } from "@tensorflow/tfjs-core";

/** Where the WebAssembly modules are. Bundlers find and copy them by just these expressions. */
const files = {
  "tfjs-backend-wasm.wasm": new URL("../wasm/tfjs-backend-wasm.wasm", import.meta.url),
  "tfjs-backend-wasm-simd.wasm": new URL("../wasm/tfjs-backend-wasm-simd.wasm", import.meta.url),
  "tfjs-backend-wasm-threaded-simd.wasm": new URL("../wasm/tfjs-backend-wasm-threaded-simd.wasm", import.meta.url),
};

/** Starts tfjs's WebAssembly backend in a browser, which takes the fastest module that runs there; threads need cross-origin isolation. */
export function startTfjs(threads: number | undefined): Promise<boolean> {
  setWasmPaths(Object.fromEntries(Object.entries(files).map(([name, { href }]) => [name, href])));
  if (threads !== undefined) setThreadsCount(threads); // tfjs takes no more than the browser has
  return setBackend("wasm");
}
