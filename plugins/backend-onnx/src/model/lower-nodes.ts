import { BackendError } from "@ansatz/core";
import { numberAttribute, type Graph } from "@ansatz/core/plugin";
import { lowerings } from "../lowerings/table.ts";
import { malformed } from "../malformed.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf } from "./element-type.ts";
import type { Site } from "./lowering.ts";

/** The name of a node's value, or the names of its parts. */
type ValueNames = string | readonly string[];

/**
 * Adds the ONNX nodes that compute the wanted nodes of a graph to a builder, and returns the names of their values.
 * `inputs` are the names of the graph's inputs.
 */
export function lowerNodes(
  graph: Graph,
  onnx: GraphBuilder,
  inputs: readonly string[],
  wanted: readonly number[],
): readonly string[] {
  const values = new Map<number, ValueNames>(graph.inputs.map((index, position) => [index, inputs[position] ?? ""]));
  const uses = countUses(graph, wanted);
  const value = (index: number): string => {
    const name = values.get(index);
    if (typeof name !== "string") throw malformed(`node ${index} is read before it has a value of its own`);
    return name;
  };
  graph.nodes.forEach((node, index) => {
    if (values.has(index) || !uses.has(index)) return;
    elementTypeOf(node.dtype);
    if (node.op === "part") {
      const name = values.get(node.inputs[0] ?? -1)?.[numberAttribute(node, "index")];
      if (name === undefined) throw malformed(`node ${index} is a part that its parent does not have`);
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
    if (lowering === undefined) throw unsupported(node.op);
    onnx.computing(node.op, index);
    values.set(index, lowering.lower(site));
  });
  return wanted.map(value);
}

/** Lowers a whole graph, e.g. the body of a scan, and returns the names of its outputs. */
function lowerGraph(graph: Graph, onnx: GraphBuilder, inputs: readonly string[]): readonly string[] {
  return lowerNodes(graph, onnx, inputs, graph.outputs);
}

function unsupported(op: string): BackendError {
  return new BackendError(
    `onnx: there is no lowering for "${op}"\n` +
      "  choose a backend that supports it, or write the op in terms of others",
  );
}

/** How often each node is read on the way to the wanted ones. Nodes that are not needed are missing. */
export function countUses(graph: Graph, wanted: readonly number[]): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const use = (index: number): void => void uses.set(index, (uses.get(index) ?? 0) + 1);
  wanted.forEach(use);
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    if (uses.has(index)) graph.nodes[index]?.inputs.forEach(use);
  }
  return uses;
}
