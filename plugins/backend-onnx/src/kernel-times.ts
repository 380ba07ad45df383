import type { Graph, GraphNode, KernelTime, ProgramProfile } from "@ansatz/core/plugin";
import { productOperations } from "./product-operations.ts";

/** An event of onnxruntime's profile, which has Chrome's trace format: times are in microseconds. */
export interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly output_size?: string;
    readonly mem_bytes_in_use?: string;
    readonly input_type_shape?: TypedShapes;
    readonly output_type_shape?: TypedShapes;
  };
}

/** The end of the names of events that are kernels. */
const kernelEvent = "_kernel_time";

/** Sums up the events of all runs but the first, or of the only one. `updates` are the times of updates by run. */
export function summarizeTrace(
  graph: Graph,
  events: readonly TraceEvent[],
  updates: readonly number[],
): ProgramProfile {
  const runs = events.filter(({ cat, name }) => cat === "Session" && name === "model_run");
  const counted = runs.length > 1 ? runs.slice(1) : runs;
  const [start, end] = [counted[0]?.ts ?? 0, (counted.at(-1)?.ts ?? 0) + (counted.at(-1)?.dur ?? 0)];
  const countedUpdates = updates.length > 1 ? updates.slice(1) : updates;
  // onnxruntime stops writing after a million events, perhaps within a run.
  const within = ({ ts }: TraceEvent) => start <= ts && ts <= end;
  const isKernel = ({ cat, name }: TraceEvent) => cat === "Node" && name.endsWith(kernelEvent);
  const kernels = events.filter((event) => isKernel(event) && within(event));
  return {
    graph,
    runs: Math.max(counted.length, countedUpdates.length),
    engineMilliseconds: counted.reduce((sum, { dur }) => sum + dur, 0) / 1_000,
    updateMilliseconds: countedUpdates.reduce((sum, ms) => sum + ms, 0),
    kernels: grouped(graph, kernels),
  };
}

/** Kernels by what they compute and how. A loop's time is without that of its body. */
function grouped(graph: Graph, events: readonly TraceEvent[]): KernelTime[] {
  const groups = new Map<string, { -readonly [Name in keyof KernelTime]: KernelTime[Name] }>();
  for (const [event, ownMicroseconds] of withoutInner(events)) {
    const kernel = event.args?.op_name ?? "unknown";
    const shapes = shapesOf(event);
    const position = positionOf(event.name);
    const key = `${kernel} ${shapes} ${position}`;
    let group = groups.get(key);
    if (group === undefined) {
      const node = position === undefined ? undefined : nodeAt(graph, position);
      group = { kernel, ...(node && { node }), ...(shapes !== "" && { shapes }), count: 0, milliseconds: 0, bytes: 0 };
      groups.set(key, group);
    }
    group.count++;
    group.milliseconds += ownMicroseconds / 1_000;
    group.bytes += Number(event.args?.output_size ?? 0);
    const live = event.args?.mem_bytes_in_use;
    const operations = productOperations(
      kernel,
      listOf(event.args?.input_type_shape),
      listOf(event.args?.output_type_shape)[0],
    );
    if (operations > 0) group.productOperations = (group.productOperations ?? 0) + operations;
    if (live !== undefined) group.liveBytes = Math.max(group.liveBytes ?? 0, Number(live));
  }
  return [...groups.values()];
}

/** Each event with its own time: without the events that lie within it. */
function withoutInner(events: readonly TraceEvent[]): Map<TraceEvent, number> {
  const own = new Map<TraceEvent, number>();
  const open: TraceEvent[] = [];
  for (const event of events.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    while (open.length > 0 && open.at(-1)!.ts + open.at(-1)!.dur <= event.ts) open.pop();
    const outer = open.at(-1);
    if (outer !== undefined) own.set(outer, Math.max(0, own.get(outer)! - event.dur));
    own.set(event, event.dur);
    open.push(event);
  }
  return own;
}

/** The position in the name of an ONNX node, such as 5.3 in `matmul@5.3/v17`; see `GraphBuilder.computing`. */
function positionOf(name: string): string | undefined {
  return /\w+@(\d+(?:\.\d+)*)\//.exec(name)?.[1];
}

/** The node at a position: 5.3 is node 3 of the body of node 5. */
function nodeAt(graph: Graph, position: string): GraphNode | undefined {
  let within: Graph | undefined = graph;
  let node: GraphNode | undefined;
  for (const index of position.split(".")) {
    node = within?.nodes[Number(index)];
    within = node?.body;
  }
  return node;
}

type TypedShapes = readonly Readonly<Record<string, readonly number[]>>[];

function listOf(types: TypedShapes = []): readonly (readonly number[])[] {
  return types.flatMap((type) => Object.values(type));
}

function shapesOf({ args }: TraceEvent): string {
  const show = (types?: TypedShapes) =>
    listOf(types)
      .map((shape) => `[${shape.join()}]`)
      .join(" ");
  const [inputs, outputs] = [show(args?.input_type_shape), show(args?.output_type_shape)];
  return inputs === "" && outputs === "" ? "" : `${inputs} → ${outputs}`;
}
