import type { Graph, GraphNode } from "@ansatz/core";
import { numbersOf } from "@ansatz/kernels";

/**
 * Merges transposes of the last two axes with products, since TensorFlow multiplies transposed matrices as they lie: the operands' by a flag, a result's by
 * (A B)ᵀ = Bᵀ Aᵀ. Nodes that nothing reads any more are left out.
 */
export function mergeTransposes(graph: Graph): Graph {
  const readers = readersOf(graph);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (node.body !== undefined) nodes.push({ ...node, body: mergeTransposes(node.body) });
    else if (node.op === "matmul") nodes.push(product(node, nodes));
    else nodes.push(transposedProduct(node, nodes, readers) ?? node);
  }
  return withoutUnused({ ...graph, nodes });
}

/** A product whose flags stand for the transposes of its operands. */
function product(node: GraphNode, nodes: readonly GraphNode[]): GraphNode {
  const sources = node.inputs.map((input) => sourceOfTranspose(nodes[input]!));
  const [transposeA, transposeB] = sources.map((source) => source !== undefined) as [boolean, boolean];
  return { ...node, inputs: node.inputs.map((input, i) => sources[i] ?? input), attributes: { transposeA, transposeB } };
}

/** A transpose that is the only reader of a product, as a product. */
function transposedProduct(node: GraphNode, nodes: readonly GraphNode[], readers: readonly number[]): GraphNode | undefined {
  const source = sourceOfTranspose(node);
  if (source === undefined || nodes[source]!.op !== "matmul" || readers[source] !== 1) return undefined;
  const { inputs, attributes } = nodes[source]!;
  return { ...node, op: "matmul", inputs: inputs.toReversed(), attributes: { transposeA: attributes["transposeB"] !== true, transposeB: attributes["transposeA"] !== true } };
}

/** What a transpose of the last two axes, and of no others, reads. */
function sourceOfTranspose(node: GraphNode): number | undefined {
  if (node.op !== "transpose") return undefined;
  const permutation = numbersOf(node, "permutation");
  const rank = permutation.length;
  const swaps = rank >= 2 && permutation.every((axis, i) => axis === (i === rank - 2 ? rank - 1 : i === rank - 1 ? rank - 2 : i));
  return swaps ? node.inputs[0] : undefined;
}

/** How often each node is read, results of the graph included. */
function readersOf({ nodes, outputs, updates }: Graph): readonly number[] {
  const readers = nodes.map(() => 0);
  for (const position of [...nodes.flatMap(({ inputs }) => inputs), ...outputs, ...updates.map(({ value }) => value)]) readers[position]!++;
  return readers;
}

function withoutUnused({ nodes, inputs, outputs, updates }: Graph): Graph {
  const used = new Set([...inputs, ...outputs, ...updates.map(({ value }) => value)]);
  for (let position = nodes.length - 1; position >= 0; position--) {
    if (used.has(position)) for (const input of nodes[position]!.inputs) used.add(input);
  }
  const kept = nodes.map((_, position) => position).filter((position) => used.has(position));
  const places = new Map(kept.map((position, place) => [position, place]));
  const place = (position: number): number => places.get(position)!;
  return {
    nodes: kept.map((position) => ({ ...nodes[position]!, inputs: nodes[position]!.inputs.map(place) })),
    inputs: inputs.map(place),
    outputs: outputs.map(place),
    updates: updates.map(({ input, value }) => ({ input, value: place(value) })),
  };
}
