import {
  allocate,
  sizeOf,
  type BackendBuffer,
  type Graph,
  type Program,
  type RunResult,
  type TensorType,
} from "@ansatz/core/plugin";
import type { Heap } from "./heap.ts";
import type { HostBuffer } from "./host-buffer.ts";
import { type InPlaceUpdates, type KernelTools, planUpdates, type UpdatePlan } from "./kernels/updates.ts";
import { type Feeds, Session, type SessionSettings } from "./session.ts";

/** A compiled graph: one session for all that onnxruntime computes, then kernels that carry out updates in place. */
export class OnnxProgram implements Program {
  readonly #graph: Graph;
  readonly #heap: Heap;
  readonly #plan: UpdatePlan;
  readonly #session: Session;
  readonly #updates: InPlaceUpdates;
  readonly #feeds: Feeds;
  /** What each run makes anew: the graph's outputs, and updates that no kernel carries out. */
  readonly #made: readonly (TensorType & { readonly name: string })[];

  private constructor(graph: Graph, heap: Heap, plan: UpdatePlan, session: Session, updates: InPlaceUpdates) {
    this.#graph = graph;
    this.#heap = heap;
    this.#plan = plan;
    this.#session = session;
    this.#updates = updates;
    this.#feeds = session.feeds();
    this.#made = session.model.outputs.slice(0, graph.outputs.length + plan.fresh.size).map(({ name }, position) => {
      const { shape, dtype } = graph.nodes[plan.wanted[position] ?? -1] ?? fail();
      return { name, shape, dtype };
    });
  }

  static async compile(graph: Graph, heap: Heap, tools: KernelTools, settings: SessionSettings): Promise<OnnxProgram> {
    const plan = planUpdates(graph);
    const session = await Session.create(graph, plan.wanted, settings);
    return new OnnxProgram(
      graph,
      heap,
      plan,
      session,
      plan.inPlace(
        tools,
        session.model.outputs.map(({ name }) => name),
      ),
    );
  }

  async run(inputs: readonly BackendBuffer[]): Promise<RunResult> {
    const buffers = this.#check(inputs);
    const { model } = this.#session;
    model.inputs.forEach((input, position) => {
      if (input !== undefined) this.#feeds[input.name] = (buffers[position] as HostBuffer).tensor;
    });
    const made = this.#made.map(({ name, shape, dtype }) => ({
      name,
      buffer: this.#heap.add(allocate(dtype, sizeOf(shape)), shape, dtype),
    }));
    try {
      await this.#session.run(this.#feeds, {
        ...this.#updates.fetches,
        ...Object.fromEntries(made.map(({ name, buffer }) => [name, buffer.tensor])),
      });
    } catch (error) {
      for (const { buffer } of made) this.#heap.free(buffer);
      throw error;
    }
    this.#updates.run(buffers);
    return {
      outputs: this.#graph.outputs.map((_, position) => made[position]!.buffer),
      updates: this.#graph.updates.map(
        ({ input }, position) => made[this.#plan.fresh.get(position) ?? -1]?.buffer ?? (buffers[input] as HostBuffer),
      ),
    };
  }

  dispose(): void {
    this.#session.release();
  }

  /** The buffers, if they are what the graph wants. */
  #check(inputs: readonly BackendBuffer[]): readonly HostBuffer[] {
    const { inputs: leaves, nodes } = this.#graph;
    if (inputs.length !== leaves.length)
      throw new RangeError(`onnx: the program takes ${leaves.length} inputs, not ${inputs.length}`);
    return inputs.map((input, position) => {
      const buffer = this.#heap.own(input);
      const leaf = nodes[leaves[position] ?? -1];
      if (
        leaf?.dtype !== buffer.dtype ||
        leaf.shape.length !== buffer.shape.length ||
        leaf.shape.some((length, axis) => length !== buffer.shape[axis])
      ) {
        throw new TypeError(
          `onnx: input ${position} is ${leaf?.dtype} [${leaf?.shape.join()}], not ${buffer.dtype} [${buffer.shape.join()}]`,
        );
      }
      return buffer;
    });
  }
}

function fail(): never {
  throw new RangeError("onnx: an output of the model stands for no node");
}
