import type { CellUpdate } from "../graph/cell.ts";
import type { Closure } from "../graph/closure.ts";
import { dtypes } from "../contract/dtype.ts";
import { isLeaf } from "../graph/leaf.ts";
import { isEmpty, unalias } from "../graph/alias.ts";
import { NumberList } from "../graph/numbering.ts";
import { numberOf, textOf } from "../graph/numbering.ts";
import type { OpDefinition } from "../graph/op.ts";
import type { Tensor } from "../graph/tensor.ts";
import { topological } from "../graph/walk.ts";

/** What is to be run, and the structure that tells it from other programs. */
export interface Plan {
  readonly outputs: readonly Tensor[];
  readonly updates: readonly CellUpdate[];
  readonly leaves: readonly Tensor[];
  /** The graph in numbers; leaf values are left out, so a new batch or learning rate is the same program. */
  readonly structure: Int32Array;
  readonly hash: number;
}

/** Written for one plan at a time. */
const structure = new NumberList();

/** Walks the graph once, from its roots: finds the leaves and writes down the structure. Empty updates are dropped. */
export function planOf(outputs: readonly Tensor[], assigned: readonly CellUpdate[]): Plan {
  const updates = assigned.filter(({ value }) => !isEmpty(value));
  const order = topological(rootsOf({ outputs, updates }), undefined, unalias);
  const leaves: Tensor[] = [];
  for (let position = 0; position < order.length; position++) {
    const tensor = order[position]!;
    tensor.node.position = position;
    structure.add(opNumber(tensor.node.op));
    structure.add(tensor.node.attributesId);
    structure.add(tensor.node.inputs.length);
    for (let i = 0; i < tensor.node.inputs.length; i++) structure.add(unalias(tensor.node.inputs[i]!).node.position);
    if (tensor.node.body !== undefined) structure.add(bodyNumber(tensor.node.body));
    if (tensor.node.inputs.length > 0) continue; // its shape and dtype follow from its inputs and attributes
    structure.add(dtypes.indexOf(tensor.dtype));
    structure.add(tensor.shape.length);
    for (let i = 0; i < tensor.shape.length; i++) structure.add(tensor.shape[i]!);
    if (isLeaf(tensor)) leaves.push(tensor);
  }
  for (const output of outputs) structure.add(unalias(output).node.position);
  for (const { leaf, value } of updates) {
    structure.add(leaf.node.position);
    structure.add(unalias(value).node.position);
  }
  return { outputs, updates, leaves, ...structure.take() };
}

function rootsOf({ outputs, updates }: Pick<Plan, "outputs" | "updates">): Tensor[] {
  const roots = outputs.map(unalias);
  for (const { leaf, value } of updates) roots.push(leaf, unalias(value));
  return roots;
}

const opNumbers = new WeakMap<OpDefinition, number>();

/** Ops of one name are one op, even if their definition is made again at each step. */
function opNumber(op: OpDefinition): number {
  let number = opNumbers.get(op);
  if (number === undefined) opNumbers.set(op, (number = numberOf(op.name)));
  return number;
}

const bodyNumbers = new WeakMap<Closure, number>();

function bodyNumber(body: Closure): number {
  let number = bodyNumbers.get(body);
  if (number === undefined) bodyNumbers.set(body, (number = numberOf(describeBody(body))));
  return number;
}

/** The plan's nodes in words, a line each: what tells programs apart, for messages. */
export function describePlan(plan: Plan): string[] {
  return describeNodes(topological(rootsOf(plan), undefined, unalias));
}

/** A body's structure in words: its placeholders and captured tensors by position. */
function describeBody({ captured, placeholders, outputs }: Closure): string {
  const boundary = [...captured, ...placeholders];
  const inside = topological([...boundary, ...outputs], new Set(boundary));
  const lines = describeNodes(inside, new Set(boundary));
  return `${lines.join(";")}>${outputs.map((output) => inside.indexOf(output)).join()}`;
}

function describeNodes(order: readonly Tensor[], boundary: ReadonlySet<Tensor> = new Set()): string[] {
  const positions = new Map(order.map((tensor, i) => [tensor, i]));
  return order.map((tensor) => {
    const { dtype, shape } = tensor;
    const { op, inputs, attributes, body } = tensor.node;
    if (boundary.has(tensor)) return `input ${dtype} ${shape.join()}`;
    const given = inputs.map((input) => positions.get(input) ?? positions.get(unalias(input))).join(" ");
    const words = [
      op.name,
      textOf(attributes),
      given,
      dtype,
      shape.join(),
      body === undefined ? "" : `{${describeBody(body)}}`,
    ];
    return words.filter((word) => word !== "").join(" ");
  });
}
