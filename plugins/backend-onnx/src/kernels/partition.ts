import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { isElementwise } from "@ansatz/simd";
import { equalShapes } from "../lowerings/operands.ts";

/** What of a graph's updates kernels do after the session ran, and what is left to the session. */
export interface Partition {
  /** Nodes that only kernels compute. */
  readonly region: ReadonlySet<number>;
  /** Positions in `Graph.updates` of those that kernels write in place; and of the others. */
  readonly inPlace: readonly number[];
  readonly fresh: readonly number[];
}

/** Splits the updates of a graph: the largest elementwise region that nothing but updates reads becomes kernels. */
export function partition(graph: Graph): Partition {
  const region = regionOf(graph);
  const inPlace: number[] = [];
  const fresh: number[] = [];
  graph.updates.forEach(({ value }, position) => (region.has(value) ? inPlace : fresh).push(position));
  return { region, inPlace, fresh };
}

/** The region: dropping a node may leave its operands read from outside, so that it is sought until nothing changes. */
function regionOf(graph: Graph): ReadonlySet<number> {
  const dropped = new Set<number>();
  for (;;) {
    const region = candidates(graph, dropped);
    const before = dropped.size;
    for (const index of region) {
      // Truths exist within kernels only, never as tensors that they read.
      const outside = graph.nodes[index]?.inputs.some(
        (input) => graph.nodes[input]?.dtype !== "float32" && !region.has(input),
      );
      if (outside === true) dropped.add(index);
    }
    if (dropped.size === before) return region;
  }
}

/** Elementwise nodes that are read by nothing but each other and updates. */
function candidates(graph: Graph, dropped: ReadonlySet<number>): ReadonlySet<number> {
  const outside = new Set<number>(graph.outputs);
  const inside = new Set<number>(
    graph.updates.filter(({ value }) => graph.nodes[value]?.dtype === "float32").map(({ value }) => value),
  );
  for (const { value } of graph.updates) if (!inside.has(value)) outside.add(value);
  const region = new Set<number>();
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index];
    if (node === undefined || (!inside.has(index) && !outside.has(index))) continue;
    const fits = !outside.has(index) && !dropped.has(index) && suits(graph, node);
    if (fits) region.add(index);
    for (const input of node.inputs) (fits ? inside : outside).add(input);
  }
  return region;
}

/**
 * Whether a kernel can do the node: floats or truths of one shape that is no scalar's, from operands of that shape and
 * scalars, which are floats.
 */
function suits(graph: Graph, { op, dtype, shape, inputs }: GraphNode): boolean {
  const operands = inputs.map((input) => graph.nodes[input]!);
  const fit = operands.every(
    (operand) => equalShapes(operand.shape, shape) || (operand.shape.length === 0 && operand.dtype === "float32"),
  );
  return shape.length > 0 && fit && isElementwise(op, { shape, dtype }, operands);
}
