import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import {
  allocate,
  bytesPerElement,
  checkInputs,
  interpret,
  showShape,
  sizeOf,
  type Backend,
  type BackendBuffer,
  type Graph,
  type Program,
} from "@ansatz/core/plugin";
import { kernels, partsKernels } from "@ansatz/kernels";
import { deviceOf } from "./device.ts";
import { hold, viewOf, type Held, type TfjsEngine } from "./tfjs-engine.ts";
import { supports, tfjsOps } from "./ops.ts";
import type { Prepare, PrepareParts } from "./prepare.ts";

interface TfjsBuffer extends BackendBuffer {
  readonly held: Held;
}

/** What one engine does differently from the others. */
export interface TfjsOptions {
  readonly ops?: Readonly<Record<string, Prepare>>;
  readonly partsOps?: Readonly<Record<string, PrepareParts>>;
  /**
   * Whether one of Ansatz's own kernels computes an op although tfjs has a kernel for it, because `rewrite` replaces
   * that op. Only `Backend.ownKernels` reads it.
   */
  readonly isOwn?: (op: string) => boolean;
  /** Replaces ops of a graph by ops that this engine computes faster. */
  readonly rewrite?: (graph: Graph) => Graph;
}

/**
 * A backend of Ansatz on top of a backend of tfjs: core's interpreter runs tfjs's forward kernels op by op. Gradients
 * come from core.
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
    const what = `${buffer.dtype} ${showShape(buffer.shape)}`;
    if (buffer.backend !== name)
      throw new BackendError(
        `${name}: cannot ${action} a buffer of backend "${buffer.backend}" (${what})\n` +
          "  download it there and upload it here",
      );
    throw new BackendError(
      `${name}: cannot ${action} a buffer that was freed (${what})\n  free a buffer after its last use`,
    );
  }

  function compile(graph: Graph): Program {
    const run = interpret(rewrite(graph), device);
    let disposed = false;
    return {
      async run(inputs) {
        if (disposed) throw new BackendError(`${name}: this program was disposed\n  compile the graph again`);
        checkInputs(graph, inputs, name);
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
      throw new BackendError(`${name}: only the cpu backend holds float64\n  cast to float32, or use the cpu backend`);
    if (data.constructor !== allocate(dtype, 0).constructor || data.length !== sizeOf(shape)) {
      throw new BackendError(
        `${name}: cannot upload ${data.constructor.name} of ${data.length} as ${dtype} ${showShape(shape)}\n` +
          `  pass ${allocate(dtype, 0).constructor.name} of ${sizeOf(shape)}`,
      );
    }
    return keep(hold(engine, data, shape, dtype), shape);
  }

  return {
    spec: 1,
    name,
    dtypes: ["bool", "uint32", "int32", "float32"],
    // The ops of the plain kernels, and the composite ops that this engine has a kernel for.
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
