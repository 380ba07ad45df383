import { InferenceSession, type Tensor } from "onnxruntime-node";
import { tensorOver } from "./host-buffer.ts";
import { buildModel, type OnnxModel } from "./model/onnx-model.ts";
import { BackendError, type TypedArray } from "@ansatz/core";
import type { Graph } from "@ansatz/core/plugin";

/** What onnxruntime says at the end of a run. */
const sequenceRefused = "Non tensor type is temporarily not supported.";

/** How sessions use the machine. */
export interface SessionSettings {
  /** Threads that share the work of one op. */
  readonly threads: number;
}

/** Tensors by their names in the model. */
export type Feeds = Record<string, Tensor>;

/** A model that onnxruntime has loaded. */
export class Session {
  readonly #session: InferenceSession | undefined;
  readonly #fills: Feeds;
  readonly model: OnnxModel;

  private constructor(session: InferenceSession | undefined, model: OnnxModel) {
    this.#session = session;
    this.model = model;
    this.#fills = Object.fromEntries(
      model.fills.map(({ name, type, value }) => {
        if (type === "int64" || type === "uint8") throw new TypeError(`onnx: no fills of ${type}`);
        return [name, tensorOver(filled(type, value), [], type)];
      }),
    );
  }

  /** Loads what computes the wanted nodes of a graph. */
  static async create(graph: Graph, wanted: readonly number[], settings: SessionSettings): Promise<Session> {
    const model = buildModel(graph, wanted);
    if (wanted.length === 0) return new Session(undefined, model); // all of it is done by kernels, and onnxruntime refuses an empty model
    return new Session(await InferenceSession.create(model.bytes, sessionOptions(settings, graph)), model);
  }

  /** Inputs that are the same at every run. */
  feeds(): Feeds {
    return { ...this.#fills };
  }

  /**
   * Computes the outputs, each into the memory of its tensor.
   * @throws BackendError that names the op where onnxruntime stopped
   */
  async run(feeds: Feeds, outputs: Feeds): Promise<void> {
    try {
      await this.#session?.run(feeds, { ...outputs, [this.model.end ?? ""]: null });
    } catch (error) {
      if (!(error instanceof Error && error.message === sequenceRefused)) throw clear(error);
    }
  }

  release(): void {
    void this.#session?.release();
  }
}

/** What onnxruntime says, in the words of core's errors. */
function clear(error: unknown): BackendError {
  const text = error instanceof Error ? error.message : String(error);
  const [, op = "the model", what = text] =
    /while running (\w+) node\.(?: Name:'[^']*')? Status Message: ([^]*)/.exec(text) ?? [];
  const index = /out of data bounds|out of range/i.test(what);
  const names: Readonly<Record<string, string>> = {
    Gather: "gather",
    GatherElements: "takeAlongAxis",
    ScatterElements: "scatterAdd",
  };
  const known = names[op] === undefined ? op : `${names[op]} (ONNX's ${op})`;
  const mend = index
    ? "indices run from 0 to the axis's length less 1: clamp or mask the others first"
    : "look at the values that reach it, or run the step on the cpu backend, which checks more";
  const wrapped = new BackendError(
    `onnx: ${known} failed: ${what.replace(/^\/onnxruntime_src\/.*\] /, "").trim()}\n  ${mend}`,
  );
  wrapped.cause = error;
  return wrapped;
}

function filled(dtype: "float32" | "int32" | "uint32" | "bool", value: number): TypedArray {
  const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };
  return arrays[dtype].of(value);
}

/** Whether a graph, or the body of a loop in it, has a barrier. */
function hasBarrier({ nodes }: Graph): boolean {
  return nodes.some(({ op, body }) => op === "barrier" || (body !== undefined && hasBarrier(body)));
}

/** The options of a session for a graph. */
export function sessionOptions({ threads }: SessionSettings, graph: Graph): InferenceSession.SessionOptions {
  // The first would merge what a barrier keeps apart, and core has shared all common subexpressions already. The second
  // moves a factor into a product where nothing else reads the scaled operand: a checkpoint's two passes would not have
  // the same bits. The third breaks a model in which a reshape follows a barrier, whose shape is known only when it
  // runs (onnxruntime 1.30).
  const disabled = [
    "CommonSubexpressionElimination",
    "MatMulScaleFusion",
    ...(hasBarrier(graph) ? ["ReshapeFusion"] : []),
  ];
  return {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    // Its plan of a run's memory is a second arena beside the one of the first run: half as much memory again, and no
    // faster.
    enableMemPattern: false,
    logSeverityLevel: 4, // errors are thrown; they need not be printed as well
    extra: {
      session: {
        // Moments decay into denormals, on which a processor is many times slower. JavaScript on this thread flushes
        // them, too.
        set_denormal_as_zero: "1",
        // Each session has threads of its own, which else wait in circles and take the processor from the next
        // session's.
        force_spinning_stop: "1",
      },
      optimization: { disable_specified_optimizers: disabled.join(";") },
    },
  };
}
