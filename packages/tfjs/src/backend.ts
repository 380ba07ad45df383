import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import {
  allocate,
  bytesPerElement,
  interpret,
  sizeOf,
  type Backend,
  type BackendBuffer,
  type Graph,
  type Program,
} from "@ansatz/core/plugin";
import { kernels, partsKernels } from "@ansatz/kernels";
import { deviceOf } from "./device.ts";
import { hold, viewOf, type Held, type TfjsEngine } from "./engine.ts";
import { supports, tfjsOps, type Prepare, type PrepareParts } from "./ops.ts";

interface TfjsBuffer extends BackendBuffer {
  readonly held: Held;
}

/** What an engine does in a way of its own. */
export interface TfjsOptions {
  readonly ops?: Readonly<Record<string, Prepare>>;
  readonly partsOps?: Readonly<Record<string, PrepareParts>>;
  /**
   * Whether an op is done by a kernel of Ansatz's own though tfjs has one: `rewrite` gives it to another. For
   * `ownKernels` alone.
   */
  readonly isOwn?: (op: string) => boolean;
  /** The graph in terms of ops that the engine is better at. */
  readonly rewrite?: (graph: Graph) => Graph;
}

/**
 * A backend of Ansatz on a backend of tfjs: forward kernels run op by op under core's interpreter, gradients are
 * core's.
 */
export function tfjsBackend(name: string, engine: TfjsEngine, options: TfjsOptions = {}): Backend {
  const { rewrite = (graph) => graph, isOwn = () => false } = options;
  const byTfjs = (op: string) => (Object.hasOwn(tfjsOps, op) || Object.hasOwn(options.ops ?? {}, op)) && !isOwn(op);
  const device = deviceOf(name, engine, [tfjsOps, options.ops ?? {}], options.partsOps);
  const live = new Set<TfjsBuffer>();

  function keep(held: Held, shape: Shape): TfjsBuffer {
    const buffer: TfjsBuffer = { backend: name, shape, dtype: held.dtype, held };
    live.add(buffer);
    return buffer;
  }

  function own(buffer: BackendBuffer, action: string): TfjsBuffer {
    if (live.has(buffer as TfjsBuffer)) return buffer as TfjsBuffer;
    const what = `${buffer.dtype} [${buffer.shape.join(",")}]`;
    if (buffer.backend !== name)
      throw new BackendError(
        `${name}: cannot ${action} a buffer of backend "${buffer.backend}" (${what})\n  download it there and upload it here`,
      );
    throw new BackendError(
      `${name}: cannot ${action} a buffer that was freed (${what})\n  keep a buffer until its last use`,
    );
  }

  function compile(graph: Graph): Program {
    const run = interpret(rewrite(graph), device);
    let disposed = false;
    return {
      async run(inputs) {
        if (disposed) throw new BackendError(`${name}: this program was disposed\n  compile the graph again`);
        const { outputs, updates } = run(inputs.map((buffer) => own(buffer, "read").held));
        const kept = (values: readonly Held[], nodes: readonly number[]) =>
          values.map((held, position) => keep(held, graph.nodes[nodes[position]!]!.shape));
        return {
          outputs: kept(outputs, graph.outputs),
          updates: kept(
            updates,
            graph.updates.map(({ value }) => value),
          ),
        };
      },
      dispose: () => void (disposed = true),
    };
  }

  function upload(data: TypedArray, shape: Shape, dtype: DType): BackendBuffer {
    if (dtype === "float64")
      throw new BackendError(
        `${name}: float64 is held by the cpu backend alone\n  cast to float32, or use the cpu backend`,
      );
    if (data.constructor !== allocate(dtype, 0).constructor || data.length !== sizeOf(shape)) {
      throw new BackendError(
        `${name}: cannot upload ${data.constructor.name} of ${data.length} as ${dtype} [${shape.join(",")}]\n  it takes ${allocate(dtype, 0).constructor.name} of ${sizeOf(shape)}`,
      );
    }
    return keep(hold(engine, data, shape, dtype), shape);
  }

  return {
    spec: 1,
    name,
    dtypes: ["bool", "uint32", "int32", "float32"],
    // Beside the ops that plain kernels know, the composites that this engine has as one.
    supports: (op, dtype) => supports(op, dtype) || (dtype === "float32" && Object.hasOwn(options.ops ?? {}, op)),
    ownKernels: [...Object.keys(kernels), ...Object.keys(partsKernels)].filter((op) => !byTfjs(op)),
    compile: async (graph) => compile(graph),
    upload,
    releasesInputs: engine.keepsArrays !== true,
    download: async (buffer) => viewOf(engine, own(buffer, "download").held).slice(),
    free(buffer) {
      const { held } = own(buffer, "free");
      live.delete(buffer as TfjsBuffer);
      device.free(held);
    },
    memory() {
      let bytes = 0;
      for (const { shape, dtype } of live) bytes += sizeOf(shape) * bytesPerElement(dtype);
      return { buffers: live.size, bytes, ...(engine.device === undefined ? {} : { device: engine.device }) };
    },
    dispose() {
      for (const { held } of live) device.free(held);
      live.clear();
    },
  };
}
