import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { isElementwise } from "@ansatz/simd";
import { equalShapes } from "../lowerings/operands.ts";

/** How the updates of a graph are divided between the session and the kernels that run after it. */
export interface Partition {
  /** The nodes that only kernels compute. */
  readonly region: ReadonlySet<number>;
  /** Positions in `Graph.updates` of the updates that kernels write in place. */
  readonly inPlace: readonly number[];
  /** Positions of all other updates. */
  readonly fresh: readonly number[];
}

/** Divides the updates of a graph: kernels compute the largest elementwise region that only updates read. */
export function partition(graph: Graph): Partition {
  const region = regionOf(graph);
  const inPlace: number[] = [];
  const fresh: number[] = [];
  graph.updates.forEach(({ value }, position) => (region.has(value) ? inPlace : fresh).push(position));
  return { region, inPlace, fresh };
}

/**
 * The region. Dropping a node may leave its operands read from outside, so the search repeats until nothing changes.
 */
function regionOf(graph: Graph): ReadonlySet<number> {
  const dropped = new Set<number>();
  for (;;) {
    const region = candidates(graph, dropped);
    const before = dropped.size;
    for (const index of region) {
      // Bools exist only inside kernels, which never read them as tensors.
      const outside = graph.nodes[index]?.inputs.some(
        (input) => graph.nodes[input]?.dtype !== "float32" && !region.has(input),
      );
      if (outside === true) dropped.add(index);
    }
    if (dropped.size === before) return region;
  }
}

/** Elementwise nodes that only other such nodes and updates read. */
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
 * Whether a kernel can compute the node: a float or bool result that is not a scalar, from operands of the same shape
 * and float scalars.
 */
function suits(graph: Graph, { op, dtype, shape, inputs }: GraphNode): boolean {
  const operands = inputs.map((input) => graph.nodes[input]!);
  const fit = operands.every(
    (operand) => equalShapes(operand.shape, shape) || (operand.shape.length === 0 && operand.dtype === "float32"),
  );
  return shape.length > 0 && fit && isElementwise(op, { shape, dtype }, operands);
}
