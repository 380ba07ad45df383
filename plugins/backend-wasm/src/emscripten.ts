import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** The WebAssembly module of tfjs, as Emscripten exposes it. */
interface EmscriptenModule {
  cwrap(name: string, result: string | null, parameters: readonly string[]): (...values: number[]) => number;
  tfjs?: object;
}

/** Creates a module, given where its files are and the script that its threads run. */
export type EmscriptenFactory = (options: {
  readonly locateFile: (name: string) => string | URL;
  readonly mainScriptUrlOrBlob: string;
}) => Promise<EmscriptenModule>;

/** Creates tfjs's backend on a module with threads. */
export function backendOf(module: EmscriptenModule, threads: number): BackendWasm {
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: () => module.cwrap("init_with_threads_count", null, ["number"])(threads),
    getThreadsCount: module.cwrap("get_threads_count", "number", []),
    registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: module.cwrap("dispose_data", null, ["number"]),
    dispose: module.cwrap("dispose", null, []),
  };
  return new BackendWasm(module as never);
}

/** The program of a thread. Its line ends are inside strings and were unescaped, so they are escaped again. */
export function workerProgram(contents: string): string {
  return contents.replaceAll("\n", "\\n");
}
