import { type Graph, sizeOf } from "@ansatz/core/plugin";
import { type Expression, isConstant, stepsOf } from "@ansatz/simd";
import { malformed } from "../malformed.ts";
import { mostScalars, mostTensors } from "./scratch.ts";

/** Updates that one kernel does together, because they read the same values. */
export interface UpdateGroup {
  readonly expression: Expression;
  /** The number of elements of each tensor. */
  readonly length: number;
  /**
   * The nodes whose values the kernel reads or writes, in the order of the expression's tensors: first the tensors of
   * that length, then the scalars.
   */
  readonly tensors: readonly number[];
  readonly scalars: readonly number[];
}

/**
 * Splits the in-place updates of a graph into groups that share no tensor, so that one group may be written before
 * another has run. Returns undefined if a group has more tensors or scalars than a kernel may.
 */
export function groupUpdates(
  graph: Graph,
  region: ReadonlySet<number>,
  inPlace: readonly number[],
): readonly UpdateGroup[] | undefined {
  const sets = new DisjointSets();
  const updates = inPlace.map((position) => {
    const update = graph.updates[position];
    if (update === undefined) throw malformed(`it has no update ${position}`);
    return { target: graph.inputs[update.input] ?? -1, value: update.value };
  });
  for (const { target, value } of updates) sets.join(target, value);
  for (const index of region) {
    for (const input of graph.nodes[index]?.inputs ?? []) {
      if (graph.nodes[input]?.shape.length !== 0) sets.join(index, input);
    }
  }
  const members = new Map<number, number[]>();
  for (const index of [...region].toSorted((a, b) => a - b)) {
    const root = sets.find(index);
    const group = members.get(root);
    if (group === undefined) members.set(root, [index]);
    else group.push(index);
  }
  const groups: UpdateGroup[] = [];
  for (const [root, nodes] of members) {
    const group = describe(
      graph,
      nodes,
      updates.filter(({ target }) => sets.find(target) === root),
    );
    if (group.tensors.length > mostTensors || group.scalars.length > mostScalars) return undefined;
    groups.push(group);
  }
  return groups;
}

/** The group of some nodes, which are given in topological order. */
function describe(
  graph: Graph,
  nodes: readonly number[],
  updates: readonly { readonly target: number; readonly value: number }[],
): UpdateGroup {
  const inside = new Set(nodes);
  const read = [...new Set(nodes.flatMap((index) => graph.nodes[index]!.inputs))].filter(
    (index) => !inside.has(index) && !isConstant(graph, index),
  );
  const scalars = read.filter((index) => graph.nodes[index]!.shape.length === 0);
  const tensors = [
    ...new Set([
      ...read.filter((index) => graph.nodes[index]!.shape.length > 0),
      ...updates.map(({ target }) => target),
    ]),
  ];
  const places = new Map([...tensors, ...scalars].map((index, place) => [index, place]));

  const { steps, valueOf } = stepsOf(graph, nodes, (index) => places.get(index)!);
  const expression: Expression = {
    steps,
    tensors: [
      ...tensors.map(() => ({ dtype: "float32", spread: false }) as const),
      ...scalars.map(() => ({ dtype: "float32", spread: true }) as const),
    ],
    results: updates.map(({ target, value }) => ({ value: valueOf(value), tensor: places.get(target)! })),
  };
  return { expression, length: sizeOf(graph.nodes[nodes[0]!]!.shape), tensors, scalars };
}

/** Union-find. */
class DisjointSets {
  readonly #parents = new Map<number, number>();

  find(member: number): number {
    let root = member;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    if (root !== member) this.#parents.set(member, root);
    return root;
  }

  join(a: number, b: number): void {
    const [from, to] = [this.find(a), this.find(b)];
    if (from !== to) this.#parents.set(from, to);
  }
}
