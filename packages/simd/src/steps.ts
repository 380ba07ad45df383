import { numberAttribute, type Graph } from "@ansatz/core/plugin";
import { constant, type Operand, type ExpressionStep } from "./expression.ts";

/** Floats that a kernel has in its code. */
export function isConstant(graph: Graph, index: number): boolean {
  const { op, dtype } = graph.nodes[index]!;
  return op === "constant" && dtype === "float32";
}

/**
 * The steps of nodes in topological order, and where each node's value is. `tensorOf` gives the tensor of a node
 * outside; it is asked once for each.
 */
export function stepsOf(
  graph: Graph,
  nodes: readonly number[],
  tensorOf: (index: number) => number,
): { readonly steps: readonly ExpressionStep[]; readonly valueOf: (index: number) => Operand } {
  const steps: ExpressionStep[] = [];
  const values = new Map<number, Operand>();
  const valueOf = (index: number): Operand => {
    let value = values.get(index);
    if (value === undefined) {
      value = isConstant(graph, index)
        ? constant(numberAttribute(graph.nodes[index]!, "value"))
        : { from: "tensor", index: tensorOf(index) };
      values.set(index, value);
    }
    return value;
  };
  for (const index of nodes) {
    const { op, inputs } = graph.nodes[index]!;
    const operands = inputs.map(valueOf);
    values.set(index, op === "broadcastTo" ? operands[0]! : { from: "step", index: steps.push({ op, operands }) - 1 });
  }
  return { steps, valueOf };
}
