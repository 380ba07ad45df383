import type { InferenceSession } from "onnxruntime-node";
import { channelBlock } from "./channel-block.ts";
import { type EngineSession, loadModel, tensorOver, type Values } from "./engine.ts";
import { malformed } from "./malformed.ts";
import { buildModel, type OnnxModel } from "./model/onnx-model.ts";
import { BackendError, type TypedArray } from "@ansatz/core";
import type { Graph } from "@ansatz/core/plugin";

/** The error that ends every run: see `OnnxModel.end`. */
const sequenceRefused = "Non tensor type is temporarily not supported.";

/** How sessions use the machine. */
export interface SessionSettings {
  /** How many threads share the work of one op. */
  readonly threads: number;
  /** Measure kernels, and write a trace whose name begins like this. Default: nothing is measured. */
  readonly trace?: string;
}

/** A model that onnxruntime has loaded. */
export class Session {
  readonly #session: EngineSession | undefined;
  readonly #fills: Values;
  readonly model: OnnxModel;

  private constructor(session: EngineSession | undefined, model: OnnxModel) {
    this.#session = session;
    this.model = model;
    this.#fills = Object.fromEntries(
      model.fills.map(({ name, type, value }) => {
        if (type === "int64" || type === "uint8") throw malformed(`a large constant of ${type}`);
        return [name, tensorOver(filled(type, value), [], type)];
      }),
    );
  }

  /** Builds and loads the model that computes the wanted nodes of a graph. */
  static create(graph: Graph, wanted: readonly number[], settings: SessionSettings): Session {
    const model = buildModel(graph, wanted, {
      channelBlock: hasOp(graph, "convolution") ? channelBlock() : undefined,
    });
    // Kernels do everything, and onnxruntime refuses an empty model.
    if (wanted.length === 0) return new Session(undefined, model);
    return new Session(loadModel(model.bytes, sessionOptions(settings, graph)), model);
  }

  /** The inputs that are the same in every run. */
  feeds(): Values {
    return { ...this.#fills };
  }

  /** The outputs that are the same in every run. */
  fetches(): Values {
    return { [this.model.end ?? ""]: null };
  }

  /**
   * Computes the outputs and writes each into the memory of its tensor.
   *
   * @throws BackendError that names the op that failed
   */
  run(feeds: Values, outputs: Values): void {
    try {
      this.#session?.run(feeds, outputs);
    } catch (error) {
      if (!(error instanceof Error && error.message === sequenceRefused)) throw failure(error);
    }
  }

  /** Ends the measurement of kernels: onnxruntime writes the trace. */
  endTrace(): void {
    this.#session?.endProfiling();
  }

  release(): void {
    this.#session?.dispose();
  }
}

/** An error of onnxruntime as one of Ansatz, with the name of core's op and how to fix it. */
function failure(error: unknown): BackendError {
  const text = error instanceof Error ? error.message : String(error);
  const [, op = "the model", what = text] =
    /while running (\w+) node\.(?: Name:'[^']*')? Status Message: ([^]*)/.exec(text) ?? [];
  const index = /out of data bounds|out of range/i.test(what);
  const names: Readonly<Record<string, string>> = {
    Gather: "gather",
    GatherElements: "takeAlongAxis",
    ScatterElements: "scatterAdd",
    Split: "raggedMatmul or raggedContraction",
  };
  const known = names[op] === undefined ? op : `${names[op]} (ONNX's ${op})`;
  const fix = index
    ? "indices must lie between 0 and the length of the axis minus 1; clamp or mask the others first"
    : op === "Split"
      ? "the sizes of the groups may not be negative, and together they may not exceed the rows"
      : "check the values that reach it, or run the step on the cpu backend, which checks more";
  const reason = what
    .replace(/^\/onnxruntime_src\/.*\] /, "")
    // See `indicesAt`. The range is that of ONNX, where negative indices count from the end.
    .replace("idx=2147483647 must be within the inclusive range", "an index is negative (or 2147483647), outside")
    .replace(/\[-\d+,(-?\d+)\]/, "[0,$1]");
  const wrapped = new BackendError(`onnx: ${known} failed: ${reason.trim()}\n  ${fix}`);
  wrapped.cause = error;
  return wrapped;
}

function filled(dtype: "float32" | "int32" | "uint32" | "bool", value: number): TypedArray {
  const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };
  return arrays[dtype].of(value);
}

/** Whether a graph, or the body of a loop in it, has an op. */
function hasOp({ nodes }: Graph, name: string): boolean {
  return nodes.some(({ op, body }) => op === name || (body !== undefined && hasOp(body, name)));
}

/** The options of a session for a graph. */
export function sessionOptions({ threads, trace }: SessionSettings, graph: Graph): InferenceSession.SessionOptions {
  // CommonSubexpressionElimination would merge what a barrier keeps apart; core has already shared all common
  // subexpressions. MatMulScaleFusion moves a factor into a product if nothing else reads the scaled operand, so the
  // two passes of a checkpoint would differ in their bits. ReshapeFusion breaks a model in which a reshape follows a
  // barrier, because the barrier's shape is known only at run time (onnxruntime 1.30).
  const disabled = [
    "CommonSubexpressionElimination",
    "MatMulScaleFusion",
    ...(hasOp(graph, "barrier") ? ["ReshapeFusion"] : []),
  ];
  return {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    // The memory pattern adds a second arena to that of the first run: it takes half as much memory again and is no
    // faster.
    enableMemPattern: false,
    logSeverityLevel: 4, // errors are thrown, so they need not be printed too
    ...(trace !== undefined && { enableProfiling: true, profileFilePrefix: trace }),
    extra: {
      session: {
        // Moments decay into denormals, which slow a processor down many times. JavaScript on this thread flushes them
        // too.
        set_denormal_as_zero: "1",
        // Each session has its own threads. Without this they spin while they wait, and take the processor from the
        // threads of the next session.
        force_spinning_stop: "1",
      },
      optimization: { disable_specified_optimizers: disabled.join(";") },
    },
  };
}
