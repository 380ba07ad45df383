import type { DType, Shape, TypedArray } from "@ansatz/core";
import {
  allocate,
  interpret,
  sizeOf,
  type Backend,
  type BackendBuffer,
  type Graph,
  type KernelDevice,
  type Program,
} from "@ansatz/core/plugin";
import { anything, at, dtypesOf, kernels, partsKernels } from "@ansatz/kernels";

interface CpuBuffer extends BackendBuffer {
  readonly data: TypedArray;
}

/**
 * Values are plain arrays that nobody writes to once they exist, so handles need no counting and the collector frees
 * them.
 */
const device: KernelDevice<TypedArray> = {
  name: "cpu",
  kernels,
  partsKernels,
  share: (value) => value,
  free: () => undefined,
  step: (sequence, index, { shape }) => {
    const size = sizeOf(shape.slice(1));
    return sequence.subarray(index * size, (index + 1) * size);
  },
  stack: (steps, { shape, dtype }) => {
    const result = allocate(dtype, sizeOf(shape));
    const size = sizeOf(shape.slice(1));
    steps.forEach((step, index) => result.set(step, index * size));
    return result;
  },
};

/**
 * The reference backend: every op in plain TypeScript, op by op, clear before fast. Sums and products of float32 are
 * taken in float64 and rounded once; every other result is rounded to its dtype at each op.
 */
export function cpu(): Backend {
  const live = new Set<CpuBuffer>();

  function hold(data: TypedArray, shape: Shape, dtype: DType): CpuBuffer {
    // A view of a larger array (one step of a sequence) would keep all of it alive.
    const own = data.length * data.BYTES_PER_ELEMENT === data.buffer.byteLength ? data : data.slice();
    const buffer: CpuBuffer = { backend: "cpu", shape, dtype, data: own };
    live.add(buffer);
    return buffer;
  }

  function isOurs(buffer: BackendBuffer): buffer is CpuBuffer {
    return live.has(buffer as CpuBuffer);
  }

  function dataOf(buffer: BackendBuffer, action: string): TypedArray {
    if (isOurs(buffer)) return buffer.data;
    const what = `${buffer.dtype} [${buffer.shape.join(",")}]`;
    if (buffer.backend !== "cpu") {
      throw new Error(
        `cpu: cannot ${action} a buffer of backend "${buffer.backend}" (${what})\n  download it there and upload it here`,
      );
    }
    throw new Error(
      `cpu: cannot ${action} a buffer that was freed, or that another cpu() made (${what})\n  keep a buffer until its last use, and on the backend that made it`,
    );
  }

  function compile(graph: Graph): Program {
    const run = interpret(graph, device);
    const types = graph.inputs.map((input) => at(graph.nodes, input));
    let disposed = false;
    return {
      async run(inputs) {
        if (disposed) throw new Error("cpu: this program was disposed\n  compile the graph again");
        if (inputs.length !== types.length)
          throw new Error(`cpu: the program takes ${types.length} inputs but was given ${inputs.length}`);
        const values = inputs.map((buffer, position) => {
          const { shape, dtype } = at(types, position);
          if (buffer.dtype !== dtype || buffer.shape.join() !== shape.join()) {
            throw new Error(
              `cpu: input ${position} is ${buffer.dtype} [${buffer.shape.join(",")}] but the program was compiled for ${dtype} [${shape.join(",")}]`,
            );
          }
          return dataOf(buffer, "read");
        });
        const result = run(values);
        const holdAs = (nodes: readonly number[]) => (data: TypedArray, position: number) => {
          const { shape, dtype } = at(graph.nodes, at(nodes, position));
          return hold(data, shape, dtype);
        };
        return {
          outputs: result.outputs.map(holdAs(graph.outputs)),
          updates: result.updates.map(holdAs(graph.updates.map((update) => update.value))),
        };
      },
      dispose() {
        disposed = true;
      },
    };
  }

  return {
    spec: 1,
    name: "cpu",
    dtypes: anything,
    supports: (op, dtype) => dtypesOf(op).includes(dtype),
    ownKernels: [...Object.keys(kernels), ...Object.keys(partsKernels)],
    compile: async (graph) => compile(graph),
    upload(data, shape, dtype) {
      if (data.constructor !== allocate(dtype, 0).constructor || data.length !== sizeOf(shape)) {
        throw new TypeError(
          `cpu: cannot upload ${data.constructor.name} of ${data.length} as ${dtype} [${shape.join(",")}]\n` +
            `  it takes ${allocate(dtype, 0).constructor.name} of ${sizeOf(shape)}`,
        );
      }
      return hold(data, shape, dtype);
    },
    download: async (buffer) => dataOf(buffer, "download").slice(),
    free(buffer) {
      dataOf(buffer, "free");
      live.delete(buffer as CpuBuffer);
    },
    memory() {
      // Two buffers may share one array: a reshape of a value that is kept as well.
      const arrays = new Set([...live].map((buffer) => buffer.data));
      let bytes = 0;
      for (const data of arrays) bytes += data.byteLength;
      return { buffers: live.size, bytes, device: "JavaScript, 1 thread" };
    },
    dispose: () => live.clear(),
  };
}
