import { Worker } from "node:worker_threads";
import {
  AnsatzError,
  ArgumentError,
  tensor,
  type DType,
  type RandomKey,
  type Shape,
  type TypedArray,
} from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";
import type { Dataset } from "./dataset.ts";

/** A request to a worker for a batch. */
export interface Request {
  readonly id: number;
  readonly places: Int32Array;
  /** The words of the key. */
  readonly words: readonly [number, number];
}

export interface SentTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A worker's answer to a request. */
export type Answer =
  { readonly id: number; readonly batch: Tree<SentTensor> } | { readonly id: number; readonly error: Error };

/** A worker thread that ended, or a module that does not make a dataset. */
export class WorkerError extends AnsatzError {}

export interface WorkersOptions {
  /** The number of threads, each with the dataset in its memory. Default: 1. */
  readonly workers?: number;
}

/**
 * A dataset with batches that are made in other threads; `close` ends them. The threads do not keep the process alive.
 */
export interface WorkerDataset<Batch> extends Dataset<Batch> {
  batch(places: Int32Array, key: RandomKey): Promise<Batch>;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, { resolve(batch: Tree<SentTensor>): void; reject(error: Error): void }>;
}

const source = import.meta.url.endsWith(".ts");
const program = new URL(source ? "./worker.ts" : "./worker.js", import.meta.url).href;

/** Starts a thread that runs the program. TypeScript is loaded by tsx. */
function threadFor(module: URL): Worker {
  const load = `import(${JSON.stringify(program)})`;
  const typed = source || module.pathname.endsWith(".ts");
  return new Worker(typed ? `import("tsx/esm/api").then(({ register }) => (register(), ${load}))` : load, {
    eval: true,
    workerData: module.href,
    execArgv: source ? ["--conditions=source"] : process.execArgv,
  });
}

/**
 * A dataset with batches that worker threads make while this thread trains; give its loader `prefetch`. The module's
 * default export is a function that makes the dataset. Randomness in a batch depends on its key, so workers do not
 * change any number. A worker that augments with tensor ops has to choose its own backend.
 *
 * @throws WorkerError if a worker cannot be started, or ends; ArgumentError if the number of workers isn't a whole
 * number, 1 or more
 * @example
 * // digits.ts: export default () => mnist("train");
 * // const digits = await inWorkers(new URL("./digits.ts", import.meta.url), { workers: 2 });
 * // const loader = new DataLoader(digits, { batchSize: 64, shuffle: key(0), prefetch: 4 });
 */
export async function inWorkers<Batch extends Tree>(
  module: URL,
  { workers = 1 }: WorkersOptions = {},
): Promise<WorkerDataset<Batch>> {
  if (!Number.isInteger(workers) || workers < 1)
    throw new ArgumentError(`inWorkers: the number of workers is ${workers}\n  use a whole number, 1 or more`);
  const started = await Promise.all(Array.from({ length: workers }, () => start(module)));
  const { length, lengths } = started[0]!;
  const threads = started.map(({ thread }) => thread);
  let asked = 0;

  async function batch(places: Int32Array, key: RandomKey): Promise<Batch> {
    const { worker, waiting } = threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    const id = asked++;
    worker.ref();
    try {
      const sent = await new Promise<Tree<SentTensor>>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, places, words: key.words() } satisfies Request);
      });
      return unpacked(sent) as Batch;
    } finally {
      waiting.delete(id);
      if (waiting.size === 0) worker.unref();
    }
  }

  return {
    length,
    batch,
    ...(lengths && { lengthOf: (place: number) => lengths[place]! }),
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Starts a worker, and waits until it has its dataset. */
async function start(
  module: URL,
): Promise<{ readonly thread: Thread; readonly length: number; readonly lengths?: Int32Array }> {
  const worker = threadFor(module);
  const thread: Thread = { worker, waiting: new Map() };
  const first = await new Promise<{ readonly length: number; readonly lengths?: Int32Array }>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", (error: Error) =>
      reject(
        new WorkerError(
          `inWorkers: ${module.href} makes no dataset: ${error.message}\n` +
            "  its default export must be a function that returns a dataset",
        ),
      ),
    );
  });
  worker.removeAllListeners("error");
  worker.on("message", (answer: Answer) => {
    const asker = thread.waiting.get(answer.id);
    if ("error" in answer) asker?.reject(answer.error);
    else asker?.resolve(answer.batch);
  });
  const end = (why: string): void => {
    for (const { reject } of thread.waiting.values())
      reject(new WorkerError(`inWorkers: a worker of ${module.href} ended (${why})\n  call inWorkers again`));
  };
  worker.on("error", (error: Error) => end(error.message));
  worker.on("exit", (code) => end(`exit code ${code}`));
  worker.unref();
  return { thread, ...first };
}

function unpacked(node: Tree<SentTensor>): Tree {
  if (Array.isArray(node)) return (node as readonly Tree<SentTensor>[]).map(unpacked);
  const { data, shape, dtype } = node as SentTensor;
  if (ArrayBuffer.isView(data)) return tensor(data, { shape, dtype });
  return Object.fromEntries(
    Object.entries(node as Readonly<Record<string, Tree<SentTensor>>>).map(([name, child]) => [name, unpacked(child)]),
  );
}
