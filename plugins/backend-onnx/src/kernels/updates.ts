import type { Graph } from "@ansatz/core/plugin";
import { ArenaPlan, mostBytes } from "./arena.ts";
import { ChunkedUpdates } from "./chunked-updates.ts";
import { groupUpdates } from "./group.ts";
import { partition } from "./partition.ts";
import { placeTensors, ResidentUpdates } from "./resident-updates.ts";
import type { InPlaceUpdates, KernelTools, UpdateWork, ValueSource } from "./update-work.ts";

/** How the work of a graph is split between its session and kernels. */
export interface UpdatePlan {
  /** The nodes that the session computes: the graph's outputs, values of updates, and what kernels read. */
  readonly wanted: readonly number[];
  /** For each update that the session computes, its position among the wanted nodes. */
  readonly fresh: ReadonlyMap<number, number>;
  /** Creates the kernels, given the names of the wanted nodes. */
  inPlace(tools: KernelTools, names: readonly string[]): InPlaceUpdates;
}

/** Plans how the updates of a graph are computed. */
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
      const sources = new Map<number, ValueSource>();
      for (const [index, input] of leaves) sources.set(index, { input });
      wanted.slice(firstRead).forEach((index, i) => sources.set(index, { name: names[firstRead + i] ?? "" }));
      const work: UpdateWork = { ...tools, graph, groups: groups ?? [], sources };
      const plan = new ArenaPlan();
      const addresses = placeTensors(work, plan);
      return plan.bytes <= mostBytes ? new ResidentUpdates(work, plan, addresses) : new ChunkedUpdates(work);
    },
  };
}
