import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { registerBackend, removeBackend, setBackend } from "@tensorflow/tfjs-core";
import { backendOf, workerProgram, type EmscriptenFactory } from "./emscripten.ts";

/** Starts tfjs's WebAssembly backend in Node. */
export async function startTfjs(threads = Math.min(availableParallelism(), 8)): Promise<boolean> {
  if (threads > 1) {
    removeBackend("wasm");
    registerBackend("wasm", () => threadedBackend(threads));
  }
  return withoutHandlers(() => setBackend("wasm"));
}

/**
 * tfjs's WebAssembly backend with threads in Node. tfjs itself does not use threads there (tensorflow/tfjs, issue
 * 3830), so its threaded module is loaded from files instead of blobs. The threads do not keep the process alive.
 */
async function threadedBackend(threads: number): Promise<BackendWasm> {
  const require = createRequire(import.meta.url);
  const glue = require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js");
  const { wasmWorkerContents } =
    require("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js") as {
      readonly wasmWorkerContents: string;
    };
  const start =
    'import { createRequire } from "node:module"; ' +
    `const require = createRequire(${JSON.stringify(import.meta.url)}); const __filename = "";`;
  const worker = new URL(`data:text/javascript,${encodeURIComponent(`${start} ${workerProgram(wasmWorkerContents)}`)}`);
  const module = await withCores(2 * threads, () =>
    withIdleWorkers(() =>
      (require(glue) as EmscriptenFactory)({
        mainScriptUrlOrBlob: glue,
        locateFile: (name) => (name.endsWith(".worker.js") ? worker : join(dirname(glue), name)),
      }),
    ),
  );
  return backendOf(module, threads);
}

/** Runs `make`, and lets the process end although the worker threads that it started still run. */
async function withIdleWorkers<R>(make: () => Promise<R>): Promise<R> {
  const workerThreads = createRequire(import.meta.url)("node:worker_threads") as {
    Worker: typeof import("node:worker_threads").Worker;
  };
  const { Worker } = workerThreads;
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  const started: InstanceType<typeof Worker>[] = [];
  workerThreads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
    override ref(): void {} // Emscripten calls it when a thread starts on the worker
  };
  try {
    return await make();
  } finally {
    for (const worker of started) worker.unref();
    workerThreads.Worker = Worker;
    if (before !== undefined) Object.defineProperty(globalThis, "Worker", before);
  }
}

/**
 * Runs `make` while the machine appears to have `count` cores. tfjs's module reads their number when it starts, and
 * uses half of them for threads.
 */
async function withCores<R>(count: number, make: () => Promise<R>): Promise<R> {
  const os = createRequire(import.meta.url)("node:os") as { cpus: () => unknown[] };
  const { cpus } = os;
  os.cpus = () => Array.from({ length: count }, () => cpus()[0]);
  try {
    return await make();
  } finally {
    os.cpus = cpus;
  }
}

/**
 * Runs `make`, and removes the handlers that Emscripten adds to the process, which change how it ends after an uncaught
 * error.
 */
async function withoutHandlers<R>(make: () => Promise<R>): Promise<R> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  try {
    return await make();
  } finally {
    for (const [i, event] of events.entries()) {
      for (const listener of process.listeners(event as "exit"))
        if (!before[i]!.has(listener)) process.removeListener(event, listener);
    }
  }
}
