import type { Graph, GraphNode } from "@ansatz/core/plugin";
import { isElementwise } from "./elementwise.ts";
import { type Expression, keyOf } from "./expression.ts";
import { accessOf, rowsOf, splitsOf } from "./rows.ts";
import { isConstant, stepsOf } from "./steps.ts";

/**
 * At most this many nodes are joined. Each may read several tensors, and a WebAssembly function has at most a thousand
 * parameters.
 */
const mostNodes = 100;

/** Nodes that become one node, or a single node that stays as it is. */
interface Item {
  /** In topological order. */
  readonly members: readonly number[];
  /** At least the depth of every item that it reads, and greater than that of an item that it is not joined with. */
  readonly depth: number;
  /** The splits into rows and columns that suit all members, as bits; 0 if the node stays as it is. */
  readonly splits: number;
}

/**
 * Joins elementwise nodes that have the same shape and read each other's values. They become one node of op "fused"
 * with several parts; the same happens in the bodies of scans. No operation changes, so the values stay the same.
 *
 * A fused node has these attributes: its `expression` as text, whose tensors are the node's inputs followed by its
 * parts; the `rows` and `columns` to go through; and `strides`, for each tensor the number of bytes from one row to the
 * next.
 */
export function fuse(graph: Graph): Graph {
  const items = join(graph);
  const read = readFrom(graph, items);
  const nodes: GraphNode[] = [];
  const places = new Map<number, number>();
  const place = (index: number): number => places.get(index)!;

  for (const item of inOrder(graph, items, read)) {
    if (item.splits === 0) {
      const index = item.members[0]!;
      const node = graph.nodes[index]!;
      places.set(
        index,
        nodes.push({
          ...node,
          inputs: node.inputs.map(place),
          ...(node.body !== undefined && { body: fuse(node.body) }),
        }) - 1,
      );
      continue;
    }
    const results = item.members.filter((index) => read.has(index));
    const { operands, attributes } = describe(graph, item, results);
    const parts = results.map((index) => ({ shape: graph.nodes[index]!.shape, dtype: graph.nodes[index]!.dtype }));
    const fused =
      nodes.push({ op: "fused", shape: [], dtype: "float32", inputs: operands.map(place), attributes, parts }) - 1;
    for (const [i, index] of results.entries())
      places.set(index, nodes.push({ op: "part", ...parts[i]!, inputs: [fused], attributes: { index: i } }) - 1);
  }
  return {
    nodes,
    inputs: graph.inputs.map(place),
    outputs: graph.outputs.map(place),
    updates: graph.updates.map(({ input, value }) => ({ input, value: place(value) })),
  };
}

/** The item that each node belongs to. */
function join(graph: Graph): readonly Item[] {
  const items: Item[] = [];
  const read = new Set<Item>(); // by other items
  for (const [index, node] of graph.nodes.entries()) {
    const own = splitsIn(graph, node);
    const inputs = node.inputs.filter((input) => !isConstant(graph, input));
    const neighbours =
      own === 0
        ? []
        : inputs.filter(
            (input) => items[input]!.splits !== 0 && graph.nodes[input]!.shape.join() === node.shape.join(),
          );
    const depth = Math.max(0, ...inputs.map((input) => items[input]!.depth + (neighbours.includes(input) ? 0 : 1)));
    // A path that leaves an item and returns to it would be deeper when it returns, so items of equal depth never wait
    // for each other. An item that no other item reads may be computed later.
    const joined = [...new Set(neighbours.map((input) => items[input]!))].filter(
      (item) => item.depth === depth || !read.has(item),
    );
    const splits = joined.reduce((common, item) => common & item.splits, own);
    const members = [...joined.flatMap((item) => item.members), index];
    const fits = joined.length === 0 || (splits !== 0 && members.length <= mostNodes);
    const item = fits
      ? { members: members.toSorted((a, b) => a - b), depth, splits }
      : { members: [index], depth: depth + 1, splits: own };
    if (joined.some((other) => read.has(other))) read.add(item);
    for (const member of item.members) items[member] = item;
    for (const input of inputs) if (items[input] !== item) read.add(items[input]!);
  }
  return items;
}

/** The splits that suit a node's operands; 0 if no kernel can compute the node. */
function splitsIn(graph: Graph, { op, shape, dtype, inputs, parts }: GraphNode): number {
  const operands = inputs.map((input) => graph.nodes[input]!);
  if (
    parts !== undefined ||
    operands.some((operand) => operand.parts !== undefined) ||
    !isElementwise(op, { shape, dtype }, operands)
  )
    return 0;
  return operands.reduce((splits, operand) => splits & splitsOf(operand.shape, shape), -1);
}

/** The nodes whose values other items read, or which are results of the graph. */
function readFrom(graph: Graph, items: readonly Item[]): ReadonlySet<number> {
  const read = new Set([...graph.inputs, ...graph.outputs, ...graph.updates.map(({ value }) => value)]);
  const needed = new Set([...read].map((index) => items[index]!));
  for (const item of needed) {
    for (const input of item.members.flatMap((index) => graph.nodes[index]!.inputs)) {
      if (items[input] === item || (item.splits !== 0 && isConstant(graph, input))) continue;
      read.add(input);
      needed.add(items[input]!);
    }
  }
  return read;
}

/** The items that are needed: each after the items that it reads, and otherwise in the order of their last nodes. */
function* inOrder(graph: Graph, items: readonly Item[], read: ReadonlySet<number>): Generator<Item> {
  const done = new Set<Item>();
  const waiting = [...new Set(items)]
    .filter(({ members }) => members.some((index) => read.has(index)))
    .toSorted((a, b) => b.members.at(-1)! - a.members.at(-1)!);
  while (waiting.length > 0) {
    const item = waiting.at(-1)!;
    const before = done.has(item)
      ? []
      : item.members
          .flatMap((index) => graph.nodes[index]!.inputs)
          .filter((input) => read.has(input) && items[input] !== item && !done.has(items[input]!));
    waiting.push(...before.map((input) => items[input]!));
    if (before.length > 0) continue;
    waiting.pop();
    if (!done.has(item)) yield item;
    done.add(item);
  }
}

/** The expression of an item's kernel, and the nodes that it reads. */
function describe(
  graph: Graph,
  { members, splits }: Item,
  results: readonly number[],
): { readonly operands: readonly number[]; readonly attributes: GraphNode["attributes"] } {
  const { shape } = graph.nodes[members[0]!]!;
  const split = 31 - Math.clz32(splits & -splits); // the first one, because long rows are faster
  const operands: number[] = [];
  const { steps, valueOf } = stepsOf(graph, members, (index) => operands.push(index) - 1);
  const accesses = [...operands, ...results].map((index) => {
    const { shape: own, dtype } = graph.nodes[index]!;
    const { spread, stride } = accessOf(own, shape, split);
    return { access: { dtype: dtype as "float32" | "bool", spread }, stride: stride * (dtype === "bool" ? 1 : 4) };
  });
  const expression: Expression = {
    steps,
    tensors: accesses.map(({ access }) => access),
    results: results.map((index, i) => ({ value: valueOf(index), tensor: operands.length + i })),
  };
  return {
    operands,
    attributes: {
      expression: keyOf(expression),
      ...rowsOf(shape, split),
      strides: accesses.map(({ stride }) => stride),
    },
  };
}
