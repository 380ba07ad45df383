import { availableParallelism } from "node:os";
import { ArgumentError, type DType } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { SimdKernels } from "@ansatz/simd";
import { refuseFloat64 } from "./refuse-float64.ts";
import { Heap } from "./heap.ts";
import { Scratch } from "./kernels/scratch.ts";
import { lowerings } from "./lowerings/table.ts";
import { Profiler } from "./profiler.ts";
import { OnnxProgram } from "./program.ts";
import { inThread } from "./thread/in-thread.ts";

/** Whether an op has a lowering for a dtype. */
export function supports(op: string, dtype: DType): boolean {
  return dtype !== "float64" && (op === "leaf" || op === "part" || (lowerings[op]?.dtypes.includes(dtype) ?? false));
}

export interface OnnxOptions {
  /** How many threads share the work of one op. Default: as many as the machine has. */
  readonly threads?: number;
  /**
   * Whether the work is done in a thread of its own, so that timers, signals and servers of this thread do not wait for
   * it. Each run then takes about 0.1 ms longer, and there is no `profile`. Default: false.
   */
  readonly ownThread?: boolean;
}

/**
 * The backend on onnxruntime's CPU provider. A graph becomes one ONNX model; elementwise updates become WebAssembly
 * SIMD kernels that write in place. It holds float32, int32, uint32 and bool.
 *
 * From then on this thread flushes denormal floats to zero, in JavaScript too, because they make training slow.
 *
 * @throws ArgumentError if the number of threads isn't a positive integer
 * @example await use(await onnx())
 */
export async function onnx(options: OnnxOptions = {}): Promise<Backend> {
  const { threads = availableParallelism(), ownThread = false } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new ArgumentError(`onnx: threads is ${threads}\n  use a whole number, 1 or more`);
  const properties = {
    spec: 1,
    name: "onnx",
    dtypes: ["bool", "uint32", "int32", "float32"],
    supports,
    releasesInputs: true,
  } as const;
  const device = `CPU, ${threads} thread${threads === 1 ? "" : "s"}`;
  if (ownThread) return { ...properties, ...inThread(threads, device) };
  const heap = new Heap();
  const tools = { kernels: new SimdKernels(), scratch: new Scratch() };
  const programs = new Set<OnnxProgram>();
  let profiler: Profiler | undefined;
  return {
    ...properties,
    async compile(graph) {
      const own = profiler?.program();
      const program = OnnxProgram.compile(graph, heap, tools, { threads, profiler: own });
      programs.add(program);
      if (own !== undefined) profiler?.add({ graph, profiler: own, end: () => program.endTrace() });
      return {
        run: (inputs) => program.run(inputs),
        dispose: () => {
          if (programs.delete(program)) program.dispose();
        },
      };
    },
    upload(data, shape, dtype, sole) {
      refuseFloat64(dtype);
      return heap.add(data, shape, dtype, sole);
    },
    async download(buffer) {
      return heap.own(buffer).data.slice();
    },
    view: (buffer) => heap.own(buffer).data,
    free: (buffer) => heap.free(buffer),
    memory: () => ({ ...heap.memory(), device }),
    profile() {
      const own = (profiler = new Profiler());
      return async () => {
        if (profiler === own) profiler = undefined;
        return own.end();
      };
    },
    dispose() {
      profiler?.end();
      profiler = undefined;
      for (const program of programs) program.dispose();
      programs.clear();
      heap.clear();
    },
  };
}
