import { numberAttribute, type Graph } from "@ansatz/core/plugin";
import { constantOperand, type Operand, type ExpressionStep } from "./expression.ts";

/** Whether a node is a float constant, which kernels have in their code. */
export function isConstant(graph: Graph, index: number): boolean {
  const { op, dtype } = graph.nodes[index]!;
  return op === "constant" && dtype === "float32";
}

/**
 * The steps that compute nodes, which are given in topological order, and where the value of each node is. `tensorOf`
 * returns the number of the tensor for a node that is not among them; it is called once for each.
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
        ? constantOperand(numberAttribute(graph.nodes[index]!, "value"))
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
