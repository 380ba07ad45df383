import {
  checkInputs,
  type BackendBuffer,
  type Graph,
  type Program,
  type RunResult,
  type TensorType,
} from "@ansatz/core/plugin";
import type { Heap } from "./heap.ts";
import { tensorOver, type Values } from "./engine.ts";
import type { HostBuffer } from "./host-buffer.ts";
import { malformed } from "./malformed.ts";
import type { InPlaceUpdates, KernelTools } from "./kernels/update-work.ts";
import { planUpdates, type UpdatePlan } from "./kernels/updates.ts";
import { writtenOver } from "./written-over.ts";
import type { ProgramProfiler } from "./profiler.ts";
import { Session, type SessionSettings } from "./session.ts";

/** How a program is compiled. */
export interface ProgramSettings extends Omit<SessionSettings, "trace"> {
  /** Measures the program. Default: nothing does. */
  readonly profiler?: ProgramProfiler | undefined;
}

/** A result of the session. */
interface Made extends TensorType {
  readonly name: string;
  /** The input in whose memory it is written, if nothing else refers to that. */
  readonly over: number | undefined;
}

/** A compiled graph: one session for all that onnxruntime computes, then kernels that write updates in place. */
export class OnnxProgram implements Program {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #plan: UpdatePlan;
  readonly #session: Session;
  readonly #updates: InPlaceUpdates;
  /** What the session is given: objects that are used again, with other values. */
  readonly #feeds: Values;
  readonly #fetches: Values;
  /** The short inputs that the session is given as one. */
  readonly #packed: Float32Array;
  readonly #profiler: ProgramProfiler | undefined;
  #traced: boolean;
  /** What the session puts out: the graph's outputs, and the updates that no kernel does. */
  readonly #made: readonly Made[];

  private constructor(
    graph: Graph,
    heap: Heap,
    plan: UpdatePlan,
    session: Session,
    updates: InPlaceUpdates,
    profiler: ProgramProfiler | undefined,
  ) {
    this.#graph = graph;
    this.#profiler = profiler;
    this.#traced = profiler !== undefined;
    this.#heap = heap;
    this.#plan = plan;
    this.#session = session;
    this.#updates = updates;
    this.#feeds = session.feeds();
    const { packed } = session.model;
    this.#packed = new Float32Array(packed?.shape[0] ?? 0);
    if (packed !== undefined) this.#feeds[packed.name] = tensorOver(this.#packed, packed.shape, "float32");
    this.#fetches = Object.assign(session.fetches(), updates.fetches);
    const over = new Map([...plan.fresh].map(([update, position]) => [position, writtenOver(graph, update)]));
    this.#made = session.model.outputs.slice(0, graph.outputs.length + plan.fresh.size).map(({ name }, position) => {
      const node = graph.nodes[plan.wanted[position] ?? -1];
      if (node === undefined) throw malformed(`output ${position} of the model stands for no node`);
      return { name, shape: node.shape, dtype: node.dtype, over: over.get(position) };
    });
  }

  static compile(
    graph: Graph,
    heap: Heap,
    tools: KernelTools,
    { profiler, ...settings }: ProgramSettings,
  ): OnnxProgram {
    const plan = planUpdates(graph);
    const trace = profiler && { trace: profiler.prefix };
    const session = Session.create(graph, plan.wanted, { ...settings, ...trace });
    return new OnnxProgram(
      graph,
      heap,
      plan,
      session,
      plan.inPlace(
        tools,
        session.model.outputs.map(({ name }) => name),
      ),
      profiler,
    );
  }

  async run(inputs: readonly BackendBuffer[]): Promise<RunResult> {
    checkInputs(this.#graph, inputs, "onnx");
    const buffers = inputs.map((input) => this.#heap.own(input));
    this.#updates.moveIn?.(buffers);
    const { model } = this.#session;
    model.inputs.forEach((input, position) => {
      if (input !== undefined) this.#feeds[input.name] = (buffers[position] as HostBuffer).tensor;
    });
    let place = 0;
    for (const position of model.packed?.positions ?? []) {
      const { data } = buffers[position] as HostBuffer;
      this.#packed.set(data, place);
      place += data.length;
    }
    const made = this.#made.map(({ name, shape, dtype, over }) => {
      const old = over === undefined ? undefined : buffers[over];
      const buffer = old?.reusable === true ? old : this.#heap.make(shape, dtype);
      this.#fetches[name] = buffer.tensor;
      return buffer;
    });
    try {
      this.#session.run(this.#feeds, this.#fetches);
    } catch (error) {
      for (const buffer of made) if (!buffers.includes(buffer)) this.#heap.free(buffer);
      throw error;
    } finally {
      for (const { name } of this.#made) this.#fetches[name] = null; // a result is not kept for its program
    }
    if (this.#profiler === undefined) this.#updates.run(buffers);
    else {
      const started = performance.now();
      this.#updates.run(buffers);
      this.#profiler.updates.push(performance.now() - started);
    }
    return {
      outputs: this.#graph.outputs.map((_, position) => made[position]!),
      updates: this.#graph.updates.map(
        ({ input }, position) => made[this.#plan.fresh.get(position) ?? -1] ?? (buffers[input] as HostBuffer),
      ),
    };
  }

  /** Ends the measurement of kernels, if there is one. */
  endTrace(): void {
    if (this.#traced) this.#session.endTrace();
    this.#traced = false;
  }

  dispose(): void {
    this.endTrace();
    this.#session.release();
  }
}
