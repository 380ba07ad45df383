import { type Graph, sizeOf } from "@ansatz/core";
import type { Tensor } from "onnxruntime-node";
import { type HostBuffer, tensorOver } from "../host-buffer.ts";
import { groupUpdates, type UpdateGroup } from "./group.ts";
import type { Kernel, Kernels } from "./kernel.ts";
import { partition } from "./partition.ts";
import { piecesOf } from "./pieces.ts";
import { chunk } from "./scratch.ts";

/** How a graph's work is split between its session and kernels. */
export interface UpdatePlan {
  /** Nodes that the session computes: the graph's outputs, values of updates, and what kernels read. */
  readonly wanted: readonly number[];
  /** For updates that the session computes: where among the wanted nodes. */
  readonly fresh: ReadonlyMap<number, number>;
  /** Makes the kernels, given the names of the wanted nodes. */
  inPlace(kernels: Kernels, names: readonly string[]): InPlaceUpdates;
}

/** Plans the updates of a graph. */
export function planUpdates(graph: Graph): UpdatePlan {
  const split = partition(graph);
  const groups = groupUpdates(graph, split.region, split.inPlace);
  const positions = groups === undefined ? graph.updates.map((_, position) => position) : split.fresh;
  const wanted = [...graph.outputs];
  const fresh = new Map(positions.map((position) => [position, wanted.push(graph.updates[position]?.value ?? -1) - 1]));
  const leaves = new Map(graph.inputs.map((index, position) => [index, position]));
  const read = new Set((groups ?? []).flatMap(({ tensors, scalars }) => [...tensors, ...scalars]).filter((index) => !leaves.has(index)));
  const firstRead = wanted.length;
  wanted.push(...read);
  return {
    wanted,
    fresh,
    inPlace: (kernels, names) => {
      const sources = new Map<number, Source>();
      for (const [index, input] of leaves) sources.set(index, { input });
      wanted.slice(firstRead).forEach((index, i) => sources.set(index, { name: names[firstRead + i] ?? "" }));
      return new InPlaceUpdates(graph, kernels, groups ?? [], sources, names.slice(0, firstRead));
    },
  };
}

/** Where a value is found after the session ran: among the inputs, or among the session's outputs. */
type Source = { readonly input: number } | { readonly name: string };

/** A tensor, the slot that its chunks pass through, and as much of it as the last one takes. */
interface Placed {
  readonly source: Source;
  readonly slot: Float32Array;
  readonly end: Float32Array;
}

interface Job {
  readonly kernel: Kernel;
  readonly length: number;
  readonly tensors: readonly Placed[];
  readonly scalars: readonly Source[];
  /** The tensors that are written. */
  readonly written: readonly number[];
}

/** Carries out the in-place updates of a program, after its session ran. */
export class InPlaceUpdates {
  readonly #kernels: Kernels;
  readonly #jobs: readonly Job[];
  readonly #read = new Map<string, Float32Array>();
  /** What the session is to write where: gradients into memory that is used again at every run. */
  readonly fetches: Record<string, Tensor | null> = {};

  constructor(graph: Graph, kernels: Kernels, groups: readonly UpdateGroup[], sources: ReadonlyMap<number, Source>, allocated: readonly string[]) {
    this.#kernels = kernels;
    for (const name of allocated) this.fetches[name] = null;
    for (const [index, source] of sources) {
      if ("input" in source) continue;
      const shape = graph.nodes[index]?.shape ?? [];
      const data = new Float32Array(sizeOf(shape));
      this.#read.set(source.name, data);
      this.fetches[source.name] = tensorOver(data, shape, "float32");
    }
    const find = (index: number): Source => sources.get(index) ?? { name: "" };
    this.#jobs = groups.map(({ expression, length, tensors, scalars }) => ({
      kernel: kernels.get(expression),
      length,
      tensors: tensors.map((index, i) => ({
        source: find(index),
        slot: kernels.scratch.slot(i, chunk),
        end: kernels.scratch.slot(i, length - Math.floor((length - 1) / chunk) * chunk),
      })),
      scalars: scalars.map(find),
      written: expression.results.map(({ tensor }) => tensor),
    }));
  }

  run(inputs: readonly HostBuffer[]): void {
    const { scratch } = this.#kernels;
    const data = (source: Source): Float32Array => ("input" in source ? (inputs[source.input]?.data as Float32Array) : (this.#read.get(source.name) as Float32Array));
    for (const { kernel, length, tensors, scalars, written } of this.#jobs) {
      for (let i = 0; i < scalars.length; i++) scratch.scalars[i] = data(scalars[i] as Source)[0] as number;
      const arrays = tensors.map((tensor) => piecesOf(data(tensor.source)));
      const count = Math.ceil(length / chunk);
      for (let piece = 0; piece < count; piece++) {
        const last = piece === count - 1;
        for (let i = 0; i < arrays.length; i++) (last ? tensors[i]!.end : tensors[i]!.slot).set(arrays[i]![piece]!);
        kernel((last ? Math.ceil((length - piece * chunk) / 4) : chunk / 4) * 16);
        for (const i of written) arrays[i]![piece]!.set(last ? tensors[i]!.end : tensors[i]!.slot);
      }
    }
  }
}
