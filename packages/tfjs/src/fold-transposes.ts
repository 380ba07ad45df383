import { flagAttribute, numbersAttribute, type Graph, type GraphNode } from "@ansatz/core/plugin";

/** Which operands of a matrix product are read transposed. */
export interface ProductTransposes {
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
}

/** Reads what `foldTransposes` left on a product; both are false on a product that it did not touch. */
export function transposesOf(product: GraphNode): ProductTransposes {
  const flag = (name: keyof ProductTransposes) =>
    Object.hasOwn(product.attributes, name) && flagAttribute(product, name);
  return { transposeLeft: flag("transposeLeft"), transposeRight: flag("transposeRight") };
}

/**
 * Moves transposes into matrix products. A transpose of the last two axes, before a product or after it, becomes the
 * attributes `transposeLeft` and `transposeRight` of that product, so that its kernel can choose what to move in
 * memory. Only products for which `takes` returns true change. Nodes that nothing reads any more are left out.
 */
export function foldTransposes(graph: Graph, takes: (product: GraphNode) => boolean): Graph {
  const readers = readersOf(graph);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (node.body !== undefined) nodes.push({ ...node, body: foldTransposes(node.body, takes) });
    else if (node.op === "matmul" && takes(node)) nodes.push(withoutTransposedOperands(node, nodes));
    else nodes.push(transposedProduct(node, nodes, readers, takes) ?? node);
  }
  return withoutUnread({ ...graph, nodes });
}

function withoutTransposedOperands(node: GraphNode, nodes: readonly GraphNode[]): GraphNode {
  const sources = node.inputs.map((input) => sourceOfTranspose(nodes[input]!));
  const [transposeLeft, transposeRight] = sources.map((source) => source !== undefined) as [boolean, boolean];
  return {
    ...node,
    inputs: node.inputs.map((input, i) => sources[i] ?? input),
    attributes: { transposeLeft, transposeRight },
  };
}

/** A transpose that is the only reader of a product becomes a product itself: (A B)ᵀ = Bᵀ Aᵀ. */
function transposedProduct(
  node: GraphNode,
  nodes: readonly GraphNode[],
  readers: readonly number[],
  takes: (product: GraphNode) => boolean,
): GraphNode | undefined {
  const source = sourceOfTranspose(node);
  if (source === undefined || readers[source] !== 1) return undefined;
  const product = nodes[source]!;
  if (product.op !== "matmul" || !takes(product)) return undefined;
  const { transposeLeft, transposeRight } = transposesOf(product);
  return {
    ...node,
    op: "matmul",
    inputs: product.inputs.toReversed(),
    attributes: { transposeLeft: !transposeRight, transposeRight: !transposeLeft },
  };
}

function sourceOfTranspose(node: GraphNode): number | undefined {
  return node.op === "transpose" && swapsLastAxes(node) ? node.inputs[0] : undefined;
}

/** Whether a "transpose" node swaps the last two axes and keeps all others in place. */
export function swapsLastAxes(node: GraphNode): boolean {
  const permutation = numbersAttribute(node, "permutation");
  const rank = permutation.length;
  return rank >= 2 && permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
}

/** How often each node is read, by other nodes or as a result of the graph. */
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
