import { numbersAttribute, type Graph, type GraphNode } from "@ansatz/core/plugin";

/**
 * The same graph with products that take their operands as they lie: a transposition of the last two axes before a
 * product, or after it, becomes attributes of the product, `transposeLeft` and `transposeRight`, so that its kernel
 * chooses what to transpose. Only products of which `takes` is true are touched; nodes that nothing reads any more are
 * left out.
 */
export function foldTransposes(graph: Graph, takes: (product: GraphNode) => boolean): Graph {
  const readers = readersOf(graph);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (node.body !== undefined) nodes.push({ ...node, body: foldTransposes(node.body, takes) });
    else if (node.op === "matmul" && takes(node)) nodes.push(withOperandsAsTheyLie(node, nodes));
    else nodes.push(transposedProduct(node, nodes, readers, takes) ?? node);
  }
  return withoutUnread({ ...graph, nodes });
}

function withOperandsAsTheyLie(node: GraphNode, nodes: readonly GraphNode[]): GraphNode {
  const sources = node.inputs.map((input) => sourceOfTransposition(nodes[input]!));
  const [transposeLeft, transposeRight] = sources.map((source) => source !== undefined) as [boolean, boolean];
  return {
    ...node,
    inputs: node.inputs.map((input, i) => sources[i] ?? input),
    attributes: { transposeLeft, transposeRight },
  };
}

/** A transposition that is the only reader of a product is a product, too: (A B)ᵀ = Bᵀ Aᵀ. */
function transposedProduct(
  node: GraphNode,
  nodes: readonly GraphNode[],
  readers: readonly number[],
  takes: (product: GraphNode) => boolean,
): GraphNode | undefined {
  const source = sourceOfTransposition(node);
  if (source === undefined || readers[source] !== 1) return undefined;
  const { op, inputs, attributes } = nodes[source]!;
  if (op !== "matmul" || !takes(nodes[source]!)) return undefined;
  return {
    ...node,
    op: "matmul",
    inputs: inputs.toReversed(),
    attributes: {
      transposeLeft: attributes["transposeRight"] !== true,
      transposeRight: attributes["transposeLeft"] !== true,
    },
  };
}

function sourceOfTransposition(node: GraphNode): number | undefined {
  return node.op === "transpose" && exchangesLastAxes(node) ? node.inputs[0] : undefined;
}

/** Whether a node of op "transpose" exchanges the last two axes, and no others. */
export function exchangesLastAxes(node: GraphNode): boolean {
  const permutation = numbersAttribute(node, "permutation");
  const rank = permutation.length;
  return rank >= 2 && permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
}

/** How often each node is read, by the graph's results, too. */
function readersOf({ nodes, outputs, updates }: Graph): readonly number[] {
  const readers = nodes.map(() => 0);
  for (const index of [...nodes.flatMap(({ inputs }) => inputs), ...outputs, ...updates.map(({ value }) => value)])
    readers[index]!++;
  return readers;
}

function withoutUnread({ nodes, inputs, outputs, updates }: Graph): Graph {
  const read = new Set([...inputs, ...outputs, ...updates.map(({ value }) => value)]);
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (read.has(index)) for (const input of nodes[index]!.inputs) read.add(input);
  }
  const kept = nodes.map((_, index) => index).filter((index) => read.has(index));
  const places = new Map(kept.map((index, place) => [index, place]));
  const place = (index: number): number => places.get(index)!;
  return {
    nodes: kept.map((index) => ({ ...nodes[index]!, inputs: nodes[index]!.inputs.map(place) })),
    inputs: inputs.map(place),
    outputs: outputs.map(place),
    updates: updates.map(({ input, value }) => ({ input, value: place(value) })),
  };
}
