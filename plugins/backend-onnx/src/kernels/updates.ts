import type { Graph } from "@ansatz/core/plugin";
import type { SimdKernels } from "@ansatz/simd";
import type { Tensor } from "onnxruntime-node";
import type { HostBuffer } from "../host-buffer.ts";
import { ArenaPlan, mostBytes } from "./arena.ts";
import { ChunkedUpdates } from "./chunked-updates.ts";
import { groupUpdates, type UpdateGroup } from "./group.ts";
import { partition } from "./partition.ts";
import { placeTensors, ResidentUpdates } from "./resident-updates.ts";
import type { Scratch } from "./scratch.ts";

/** How a graph's work is split between its session and kernels. */
export interface UpdatePlan {
  /** Nodes that the session computes: the graph's outputs, values of updates, and what kernels read. */
  readonly wanted: readonly number[];
  /** For updates that the session computes: where among the wanted nodes. */
  readonly fresh: ReadonlyMap<number, number>;
  /** Makes the kernels, given the names of the wanted nodes. */
  inPlace(tools: KernelTools, names: readonly string[]): InPlaceUpdates;
}

/** Plans the updates of a graph. */
export function planUpdates(graph: Graph): UpdatePlan {
  const split = partition(graph);
  const groups = groupUpdates(graph, split.region, split.inPlace);
  const positions = groups === undefined ? graph.updates.map((_, position) => position) : split.fresh;
  const wanted = [...graph.outputs];
  const fresh = new Map(positions.map((position) => [position, wanted.push(graph.updates[position]?.value ?? -1) - 1]));
  const leaves = new Map(graph.inputs.map((index, position) => [index, position]));
  const read = new Set(
    (groups ?? []).flatMap(({ tensors, scalars }) => [...tensors, ...scalars]).filter((index) => !leaves.has(index)),
  );
  const firstRead = wanted.length;
  wanted.push(...read);
  return {
    wanted,
    fresh,
    inPlace: (tools, names) => {
      const sources = new Map<number, Source>();
      for (const [index, input] of leaves) sources.set(index, { input });
      wanted.slice(firstRead).forEach((index, i) => sources.set(index, { name: names[firstRead + i] ?? "" }));
      const work: UpdateWork = { ...tools, graph, groups: groups ?? [], sources };
      const plan = new ArenaPlan();
      const addresses = placeTensors(work, plan);
      return plan.bytes <= mostBytes ? new ResidentUpdates(work, plan, addresses) : new ChunkedUpdates(work);
    },
  };
}

/** What the programs of a backend share. */
export interface KernelTools {
  readonly kernels: SimdKernels;
  readonly scratch: Scratch;
}

/** Where a value is found after the session ran: among the inputs, or among the session's outputs. */
export type Source = { readonly input: number } | { readonly name: string };

/** The updates of a program, and where their tensors and scalars come from. */
export interface UpdateWork extends KernelTools {
  readonly graph: Graph;
  readonly groups: readonly UpdateGroup[];
  readonly sources: ReadonlyMap<number, Source>;
}

/** Carries out the in-place updates of a program, after its session ran. */
export interface InPlaceUpdates {
  /** What the session is to write where: gradients into memory that is used again at every run. */
  readonly fetches: Readonly<Record<string, Tensor>>;
  run(inputs: readonly HostBuffer[]): void;
}
