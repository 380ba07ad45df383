import type { Graph, GraphNode } from "@ansatz/core";
import { numbersOf } from "@ansatz/kernels";

/**
 * The same graph with products that take their operands as they lie: a transposition before a product of two matrices, or after it, becomes attributes of the
 * product, `transposeLeft` and `transposeRight`, so that its kernel chooses what to transpose. Transpositions that nobody else reads are left without readers.
 */
export function foldTransposes(graph: Graph): Graph {
  const readers = graph.nodes.map(() => 0);
  for (const index of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs, ...graph.updates.map(({ value }) => value)]) readers[index]!++;
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const { op, inputs, shape, dtype, body } = node;
    const product = nodes[inputs[0] ?? -1];
    if (op === "matmul" && shape.length === 2 && dtype === "float32") {
      const [left, right] = inputs.map((input) => {
        const operand = nodes[input]!;
        return isTransposition(operand) ? { index: operand.inputs[0]!, transposed: true } : { index: input, transposed: false };
      }) as [Operand, Operand];
      nodes.push(productOf(node, left, right));
    } else if (isTransposition(node) && product?.op === "matmul" && product.shape.length === 2 && dtype === "float32" && readers[inputs[0]!] === 1) {
      const [left, right] = product.inputs as [number, number];
      const { transposeLeft, transposeRight } = product.attributes;
      nodes.push(productOf(node, { index: right, transposed: transposeRight !== true }, { index: left, transposed: transposeLeft !== true })); // (A B)ᵀ = Bᵀ Aᵀ
    } else nodes.push(body === undefined ? node : { ...node, body: foldTransposes(body) });
  }
  return { ...graph, nodes };
}

interface Operand {
  readonly index: number;
  readonly transposed: boolean;
}

function productOf({ shape, dtype }: GraphNode, left: Operand, right: Operand): GraphNode {
  return { op: "matmul", shape, dtype, inputs: [left.index, right.index], attributes: { transposeLeft: left.transposed, transposeRight: right.transposed } };
}

function isTransposition(node: GraphNode): boolean {
  return node.op === "transpose" && node.shape.length === 2 && numbersOf(node, "permutation")[0] === 1;
}
