import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { registerBackend, removeBackend, setBackend } from "@tensorflow/tfjs-core";
import { backendOf, workerProgram, type Factory } from "./emscripten.ts";

/** Starts tfjs's WebAssembly backend in Node. */
export async function startTfjs(threads = Math.min(availableParallelism(), 8)): Promise<boolean> {
  if (threads > 1) {
    removeBackend("wasm");
    registerBackend("wasm", () => threadedBackend(threads));
  }
  return withoutHandlers(() => setBackend("wasm"));
}

/**
 * tfjs's WebAssembly backend with threads in Node, where tfjs itself would not use them (tensorflow/tfjs, issue 3830):
 * its threaded module, loaded from files in place of blobs. The threads keep no process alive.
 */
async function threadedBackend(threads: number): Promise<BackendWasm> {
  const require = createRequire(import.meta.url);
  const glue = require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js");
  const { wasmWorkerContents } =
    require("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js") as {
      readonly wasmWorkerContents: string;
    };
  const start = `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(import.meta.url)}); const __filename = "";`;
  const worker = new URL(`data:text/javascript,${encodeURIComponent(`${start} ${workerProgram(wasmWorkerContents)}`)}`);
  const module = await withCores(2 * threads, () =>
    withoutHold(() =>
      (require(glue) as Factory)({
        mainScriptUrlOrBlob: glue,
        locateFile: (name) => (name.endsWith(".worker.js") ? worker : join(dirname(glue), name)),
      }),
    ),
  );
  return backendOf(module, threads);
}

/** Waits for what `make` makes; the worker threads that it starts keep no process alive then. */
async function withoutHold<R>(make: () => Promise<R>): Promise<R> {
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
    override ref(): void {} // Emscripten holds a worker when a thread begins on it
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
 * Runs `make` while the machine seems to have so many cores: tfjs's module looks while it starts, and takes half of
 * them for threads.
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
 * Runs `make`, and takes away what Emscripten puts on the process: handlers that change how it ends when something is
 * thrown.
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
