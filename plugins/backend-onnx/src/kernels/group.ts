import { type Graph, sizeOf } from "@ansatz/core";
import type { Expression, Operand, Step } from "./expression.ts";
import { mostScalars, mostTensors } from "./scratch.ts";

/** Updates that one kernel carries out together, because they read the same values. */
export interface UpdateGroup {
  readonly expression: Expression;
  /** Elements of each tensor. */
  readonly length: number;
  /** Nodes whose values the kernel reads or writes, in the order of the expression's tensors and scalars. */
  readonly tensors: readonly number[];
  readonly scalars: readonly number[];
}

/**
 * The in-place updates of a graph in groups that share no tensor: one may be written while another is still to be carried out.
 * Undefined where a group names more tensors or scalars than a kernel may.
 */
export function groupUpdates(graph: Graph, region: ReadonlySet<number>, inPlace: readonly number[]): readonly UpdateGroup[] | undefined {
  const sets = new DisjointSets();
  const updates = inPlace.map((position) => {
    const update = graph.updates[position];
    if (update === undefined) throw new RangeError(`onnx: the graph has no update ${position}`);
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
    const group = describe(graph, nodes, updates.filter(({ target }) => sets.find(target) === root));
    if (group.tensors.length > mostTensors || group.scalars.length > mostScalars) return undefined;
    groups.push(group);
  }
  return groups;
}

/** The expression of a group's nodes, which are in topological order. */
function describe(graph: Graph, nodes: readonly number[], updates: readonly { readonly target: number; readonly value: number }[]): UpdateGroup {
  const steps: Step[] = [];
  const done = new Map<number, Operand>();
  const [tensors, scalars]: [number[], number[]] = [[], []];
  const operandOf = (index: number): Operand => {
    const node = graph.nodes[index];
    const known = done.get(index);
    if (known !== undefined) return known;
    if (node?.op === "constant") return { from: "constant", bits: new Uint32Array(Float32Array.of(Number(node.attributes["value"])).buffer)[0] ?? 0 };
    return node?.shape.length === 0 ? { from: "scalar", index: placeIn(scalars, index) } : { from: "tensor", index: placeIn(tensors, index) };
  };
  for (const index of nodes) {
    const node = graph.nodes[index];
    const operands = node?.inputs.map(operandOf) ?? [];
    if (node?.op === "broadcastTo") done.set(index, operands[0] as Operand);
    else done.set(index, { from: "step", index: steps.push({ op: node?.op ?? "", operands }) - 1 });
  }
  const results = updates.map(({ target, value }) => ({ value: operandOf(value), tensor: placeIn(tensors, target) }));
  const expression = { steps, tensors: tensors.length, scalars: scalars.length, results };
  return { expression, length: sizeOf(graph.nodes[nodes[0] ?? -1]?.shape ?? []), tensors, scalars };
}

/** Where a number stands in a list, at its end if it was not there. */
function placeIn(list: number[], index: number): number {
  const known = list.indexOf(index);
  return known >= 0 ? known : list.push(index) - 1;
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
