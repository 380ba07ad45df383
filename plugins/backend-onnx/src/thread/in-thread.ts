import { Worker } from "node:worker_threads";
import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import {
  bytesPerElement,
  checkInputs,
  sizeOf,
  type Backend,
  type BackendBuffer,
  type Graph,
  type Program,
} from "@ansatz/core/plugin";
import { channelBlock } from "../channel-block.ts";
import { ownBuffer } from "../own-buffer.ts";
import { refuseFloat64 } from "../refuse-float64.ts";
import { wholeMemory } from "../whole-memory.ts";
import type { Answer, Message, Order, Question } from "./messages.ts";

/** A value in the memory of the thread. */
class ThreadBuffer implements BackendBuffer {
  readonly backend = "onnx";
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly bytes: number;
  freed = false;

  constructor(id: number, shape: Shape, dtype: DType) {
    this.id = id;
    this.shape = shape;
    this.dtype = dtype;
    this.bytes = sizeOf(shape) * bytesPerElement(dtype);
  }
}

const source = import.meta.url.endsWith(".ts");
const program = new URL(source ? "./thread.ts" : "./thread.js", import.meta.url).href;

/** Starts the thread. TypeScript is loaded by tsx. */
function startThread(threads: number): Worker {
  const load = `import(${JSON.stringify(program)})`;
  return new Worker(source ? `import("tsx/esm/api").then(({ register }) => (register(), ${load}))` : load, {
    eval: true,
    workerData: threads,
    execArgv: source ? ["--conditions=source"] : process.execArgv,
  });
}

/** What a backend does with values and programs. */
type Doings = Pick<Backend, "compile" | "upload" | "download" | "free" | "memory" | "dispose">;

/** The same as the backend does here, in a thread of its own. The thread does not keep the process alive. */
export function inThread(threads: number, device: string): Doings {
  channelBlock(); // makes this thread flush denormals, and a thread does so if the one that starts it does
  const worker = startThread(threads);
  worker.unref();
  const alive = new Set<ThreadBuffer>();
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let [calls, ids, bytes] = [0, 0, 0];
  let freed: number[] = [];
  let ended: string | undefined;

  worker.on("message", (answer: Answer) => {
    const asker = waiting.get(answer.call);
    if ("error" in answer) asker?.reject(answer.expected ? new BackendError(answer.error.message) : answer.error);
    else asker?.resolve(answer.value);
  });
  const end = (why: string): void => {
    ended ??= why;
    for (const { reject } of waiting.values()) reject(gone());
  };
  worker.on("error", (error: Error) => end(`it failed: ${error.message}`));
  worker.on("exit", (code) => end(`exit code ${code}`));

  function gone(): BackendError {
    return new BackendError(
      `onnx: the thread of the backend has ended (${ended})\n  create another: onnx({ ownThread: true })`,
    );
  }

  function send(message: Message, transferred: readonly ArrayBuffer[] = []): void {
    if (ended !== undefined) throw gone();
    sendFreed();
    worker.postMessage(message, transferred);
  }

  function sendFreed(): void {
    if (freed.length > 0 && ended === undefined) worker.postMessage({ do: "free", ids: freed } satisfies Order);
    freed = [];
  }

  async function ask(question: Question): Promise<unknown> {
    const call = calls++;
    worker.ref();
    try {
      return await new Promise<unknown>((resolve, reject) => {
        waiting.set(call, { resolve, reject });
        send({ ...question, call });
      });
    } finally {
      waiting.delete(call);
      if (waiting.size === 0) worker.unref();
    }
  }

  function made(shape: Shape, dtype: DType, id = ids++): ThreadBuffer {
    const buffer = new ThreadBuffer(id, shape, dtype);
    alive.add(buffer);
    bytes += buffer.bytes;
    return buffer;
  }

  const own = (buffer: BackendBuffer): ThreadBuffer => ownBuffer(buffer, ThreadBuffer, alive);

  function programOf(graph: Graph, number: number): Program {
    const typeOf = (index: number) => graph.nodes[index]!;
    return {
      async run(inputs) {
        checkInputs(graph, inputs, "onnx");
        const given = inputs.map(own);
        const first = ids;
        ids += graph.outputs.length + graph.updates.length;
        const changed = (await ask({
          do: "run",
          program: number,
          inputs: given.map(({ id }) => id),
          first,
        })) as number[];
        return {
          outputs: graph.outputs.map((index, i) => made(typeOf(index).shape, typeOf(index).dtype, first + i)),
          updates: graph.updates.map(({ input, value }, i) => {
            const id = changed[i]!;
            return id === given[input]!.id ? given[input]! : made(typeOf(value).shape, typeOf(value).dtype, id);
          }),
        };
      },
      dispose: () => send({ do: "forget", program: number }),
    };
  }

  return {
    async compile(graph) {
      const number = ids++;
      await ask({ do: "compile", program: number, graph });
      return programOf(graph, number);
    },
    upload(data, shape, dtype, sole) {
      refuseFloat64(dtype);
      const buffer = made(shape, dtype);
      send({ do: "upload", id: buffer.id, data, shape, dtype }, sole === true ? wholeMemory(data) : []);
      return buffer;
    },
    download: async (buffer) => (await ask({ do: "download", id: own(buffer).id })) as TypedArray,
    free(buffer) {
      const mine = own(buffer);
      alive.delete(mine);
      mine.freed = true;
      bytes -= mine.bytes;
      if (freed.push(mine.id) === 1) queueMicrotask(sendFreed);
    },
    memory: () => ({ buffers: alive.size, bytes, device }),
    dispose() {
      ended ??= "it was disposed of";
      void worker.terminate();
    },
  };
}
