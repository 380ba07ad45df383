import type { Graph } from "@ansatz/core/plugin";
import { lowerings } from "../lowerings/table.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf } from "./element-type.ts";
import type { Site } from "./lowering.ts";

/** Values of a graph's nodes by name: one, or one a part. */
type Lowered = string | readonly string[];

/**
 * Adds what the wanted nodes of a graph need to a builder; gives their names. `inputs` are the names of the graph's
 * inputs.
 */
export function lowerNodes(
  graph: Graph,
  onnx: GraphBuilder,
  inputs: readonly string[],
  wanted: readonly number[],
): readonly string[] {
  const values = new Map<number, Lowered>(graph.inputs.map((index, position) => [index, inputs[position] ?? ""]));
  const uses = countUses(graph, wanted);
  const value = (index: number): string => {
    const name = values.get(index);
    if (typeof name !== "string")
      throw new RangeError(`onnx: node ${index} of the graph is read before it has one value`);
    return name;
  };
  graph.nodes.forEach((node, index) => {
    if (values.has(index) || !uses.has(index)) return;
    elementTypeOf(node.dtype);
    if (node.op === "part") {
      const name = values.get(node.inputs[0] ?? -1)?.[Number(node.attributes["index"])];
      if (name === undefined) throw new RangeError(`onnx: node ${index} of the graph is part of nothing`);
      values.set(index, name);
      return;
    }
    const types = node.inputs.map((input) => graph.nodes[input] ?? node);
    const site: Site = {
      onnx,
      node,
      index,
      inputs: node.inputs.map(value),
      types,
      graph,
      value,
      uses: (of) => uses.get(of) ?? 0,
      lowerGraph,
    };
    const lowering = lowerings[node.op];
    if (lowering === undefined) throw new TypeError(`onnx: the op "${node.op}" is not known to this backend`);
    values.set(index, lowering.lower(site));
  });
  return wanted.map(value);
}

/** The same for a whole graph and its outputs: the body of a scan. */
function lowerGraph(graph: Graph, onnx: GraphBuilder, inputs: readonly string[]): readonly string[] {
  return lowerNodes(graph, onnx, inputs, graph.outputs);
}

/** How often each node is read on the way to the wanted ones; what is missing is not needed. */
export function countUses(graph: Graph, wanted: readonly number[]): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const use = (index: number): void => void uses.set(index, (uses.get(index) ?? 0) + 1);
  wanted.forEach(use);
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    if (uses.has(index)) graph.nodes[index]?.inputs.forEach(use);
  }
  return uses;
}
