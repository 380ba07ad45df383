import { InferenceSession, type Tensor } from "onnxruntime-node";
import { tensorOver } from "./host-buffer.ts";
import { buildModel, type Model } from "./model/model.ts";
import type { Graph, TypedArray } from "@ansatz/core";

/** How sessions use the machine. */
export interface SessionSettings {
  /** Threads that share the work of one op. */
  readonly threads: number;
}

/** Tensors by their names in the model; null where onnxruntime is to allocate. */
export type Feeds = Record<string, Tensor>;
export type Fetches = Record<string, Tensor | null>;

/** A model that onnxruntime has loaded. */
export class Session {
  readonly #session: InferenceSession | undefined;
  readonly #fills: Feeds;
  readonly model: Model;

  private constructor(session: InferenceSession | undefined, model: Model) {
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
    return new Session(await InferenceSession.create(model.bytes, sessionOptions(settings)), model);
  }

  /** Inputs that are the same at every run. */
  feeds(): Feeds {
    return { ...this.#fills };
  }

  async run(feeds: Feeds, fetches: Fetches): Promise<Feeds> {
    return this.#session === undefined ? {} : await this.#session.run(feeds, fetches);
  }

  release(): void {
    void this.#session?.release();
  }
}

function filled(dtype: "float32" | "int32" | "uint32" | "bool", value: number): TypedArray {
  const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };
  return arrays[dtype].of(value);
}

/** The options of every session. */
export function sessionOptions({ threads }: SessionSettings): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    extra: {
      session: {
        // Moments decay into denormals, on which a processor is many times slower. JavaScript on this thread flushes them, too.
        set_denormal_as_zero: "1",
        // Each session has threads of its own, which else wait in circles and take the processor from the next session's.
        force_spinning_stop: "1",
      },
      // It would merge what a barrier keeps apart, and core has shared all common subexpressions already.
      optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" },
    },
  };
}
