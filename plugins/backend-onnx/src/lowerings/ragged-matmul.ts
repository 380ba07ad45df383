import { numbersAttribute } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import { floats, type Lowering, type LoweringTable, on, operand, type Site, typeOf } from "../model/lowering.ts";

/** The rows of an operand, one part for each group, and a last one for the rows of none. */
function groupsOf(site: Site, position: 0 | 1): readonly string[] {
  const { onnx } = site;
  const [rows, groups] = [typeOf(site, position).shape[0]!, typeOf(site, 2).shape[0]!];
  const sizes = onnx.cast(operand(site, 2), "int64");
  const rest = onnx.op("Sub", [onnx.vector([rows]), onnx.op("ReduceSum", [sizes, onnx.vector([0])])]);
  const all = onnx.op("Concat", [sizes, rest], { axis: 0 }); // onnxruntime refuses negative sizes and a wrong sum
  return onnx.multi("Split", [operand(site, position), all], groups + 1, { axis: 0 });
}

/** One product for each group. */
const raggedMatmul: Lowering = (site) => {
  const { onnx, node, graph } = site;
  const matrix = graph.nodes[node.inputs[1] ?? -1];
  const source = matrix?.inputs[0];
  const transposed = matrix?.op === "transpose" && numbersAttribute(matrix, "permutation").join() === "0,2,1";
  const matrices = transposed && source !== undefined ? site.value(source) : operand(site, 1);
  const parts = groupsOf(site, 0);
  const products = parts.slice(0, -1).map((rows, group) =>
    onnx.op("Gemm", [rows, onnx.op("Gather", [matrices, onnx.scalar("int64", group)], { axis: 0 })], {
      transB: transposed ? 1 : 0,
    }),
  );
  // The rows of no group: their number times zeros.
  const rest = onnx.op("Shape", [parts.at(-1)!], { start: 0, end: 1 });
  const shape = onnx.op("Concat", [rest, onnx.vector([node.shape[1]!])], { axis: 0 });
  const name = onnx.op("Concat", [...products, onnx.op("Expand", [onnx.scalar("float32", 0), shape])], { axis: 0 });
  onnx.annotate({ name, type: elementTypeOf(node.dtype), shape: node.shape });
  return name;
};

/** One product of a group's rows, transposed, with its other rows for each group. */
const raggedContraction: Lowering = (site) => {
  const { onnx, node } = site;
  const [left, right] = [groupsOf(site, 0), groupsOf(site, 1)];
  const products = left
    .slice(0, -1)
    .map((rows, group) =>
      onnx.op("Reshape", [
        onnx.op("Gemm", [rows, right[group]!], { transA: 1 }),
        onnx.vector([1, ...node.shape.slice(1)]),
      ]),
    );
  return onnx.op("Concat", products, { axis: 0 });
};

/** Products of groups of rows whose sizes are known only at run time. */
export const raggedProducts: LoweringTable = {
  raggedMatmul: on(floats, raggedMatmul),
  raggedContraction: on(floats, raggedContraction),
};
