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

/** A batch that a worker is to make. */
export interface Request {
  readonly id: number;
  readonly places: Int32Array;
  /** The key's. */
  readonly words: readonly [number, number];
}

export interface SentTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a worker made of a request. */
export type Answer =
  { readonly id: number; readonly batch: Tree<SentTensor> } | { readonly id: number; readonly error: Error };

/** A worker thread that ended, or a module that makes no dataset. */
export class WorkerError extends AnsatzError {}

export interface WorkersOptions {
  /** Threads, each with the dataset in its memory; 1 unless given. */
  readonly workers?: number;
}

/** A dataset whose batches other threads make; `close` ends them. They keep no process alive. */
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

/** A thread that runs the program; what is written in TypeScript is loaded by tsx, as in the process that starts it. */
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
 * A dataset whose batches are made by worker threads, while this one trains: give its loader `prefetch`. The module's
 * default export is a function that makes the dataset; what is random in a batch depends on its key, so that workers
 * change no number. A worker that augments by tensors' ops chooses a backend of its own.
 *
 * @throws WorkerError when a worker cannot be started, or ends; ArgumentError for a number of workers that is no whole
 * number from 1 on
 * @example
 * // digits.ts: export default () => mnist("train");
 * // const loader = new DataLoader(await inWorkers(new URL("./digits.ts", import.meta.url), { workers: 2 }), { batchSize: 64, shuffle: key(0), prefetch: 4 });
 */
export async function inWorkers<Batch extends Tree>(
  module: URL,
  { workers = 1 }: WorkersOptions = {},
): Promise<WorkerDataset<Batch>> {
  if (!Number.isInteger(workers) || workers < 1)
    throw new ArgumentError(`inWorkers: ${workers} workers\n  use a whole number, 1 or more`);
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

/** A worker that has its dataset. */
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
          `inWorkers: ${module.href} makes no dataset: ${error.message}\n  its default export is a function that gives one`,
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
      reject(new WorkerError(`inWorkers: a worker of ${module.href} ended (${why})\n  make the dataset anew`));
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
