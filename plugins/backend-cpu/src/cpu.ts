import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import {
  allocate,
  checkInputs,
  interpret,
  showShape,
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
 * Values are plain arrays that are never written to once they exist, so handles need no counting and the garbage
 * collector frees them.
 */
const device: Omit<KernelDevice<TypedArray>, "name"> = {
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

export interface CpuOptions {
  /** What a backend that wraps this one calls itself, on its buffers and in errors. Default: "cpu". */
  readonly name?: string;
}

/**
 * The reference backend: every op in plain TypeScript, run op by op, written to be clear rather than fast. Sums and
 * products of float32 are computed in float64 and rounded once; every other op rounds its result to its dtype.
 */
export function cpu({ name = "cpu" }: CpuOptions = {}): Backend {
  const live = new Set<CpuBuffer>();

  function hold(data: TypedArray, shape: Shape, dtype: DType): CpuBuffer {
    // A view of a larger array, e.g. one step of a sequence, would keep the whole array alive.
    const own = data.length * data.BYTES_PER_ELEMENT === data.buffer.byteLength ? data : data.slice();
    const buffer: CpuBuffer = { backend: name, shape, dtype, data: own };
    live.add(buffer);
    return buffer;
  }

  function isOurs(buffer: BackendBuffer): buffer is CpuBuffer {
    return live.has(buffer as CpuBuffer);
  }

  function dataOf(buffer: BackendBuffer, action: string): TypedArray {
    if (isOurs(buffer)) return buffer.data;
    const what = `${buffer.dtype} ${showShape(buffer.shape)}`;
    if (buffer.backend !== name)
      throw new BackendError(
        `${name}: cannot ${action} a buffer of backend "${buffer.backend}" (${what})\n` +
          "  download it there and upload it here",
      );
    throw new BackendError(
      `${name}: cannot ${action} a buffer that was freed, or that another cpu() made (${what})\n` +
        "  free a buffer after its last use, and use it only with the backend that made it",
    );
  }

  function compile(graph: Graph): Program {
    const run = interpret(graph, { ...device, name });
    let disposed = false;
    return {
      async run(inputs) {
        if (disposed) throw new BackendError(`${name}: this program was disposed\n  compile the graph again`);
        checkInputs(graph, inputs, name);
        const result = run(inputs.map((buffer) => dataOf(buffer, "read")));
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
    name,
    dtypes: anything,
    supports: (op, dtype) => dtypesOf(op).includes(dtype),
    ownKernels: [...Object.keys(kernels), ...Object.keys(partsKernels)],
    compile: async (graph) => compile(graph),
    upload(data, shape, dtype) {
      if (data.constructor !== allocate(dtype, 0).constructor || data.length !== sizeOf(shape)) {
        throw new BackendError(
          `${name}: cannot upload ${data.constructor.name} of ${data.length} as ${dtype} ${showShape(shape)}\n` +
            `  pass ${allocate(dtype, 0).constructor.name} of ${sizeOf(shape)}`,
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
      // Two buffers may share one array, e.g. a value and its reshape.
      const arrays = new Set([...live].map((buffer) => buffer.data));
      let bytes = 0;
      for (const data of arrays) bytes += data.byteLength;
      return { buffers: live.size, bytes, device: "JavaScript, 1 thread" };
    },
    dispose: () => live.clear(),
  };
}
