import { numberAttribute, numbersAttribute, type Graph } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, type Site } from "../model/lowering.ts";
import { malformed } from "../malformed.ts";
import { indicesOf } from "./operands.ts";

/** A value in parts along an axis, one for each group, and a last one for the rows of none. */
function split({ onnx, graph, value }: Site, name: string, sizesNode: number, rows: number, axis = 0) {
  const [groups] = shapeOf(graph, sizesNode) as [number];
  const sizes = onnx.cast(value(sizesNode), "int64");
  const rest = onnx.op("Sub", [onnx.vector([rows]), onnx.op("ReduceSum", [sizes, onnx.vector([0])])]);
  const all = onnx.op("Concat", [sizes, rest], { axis: 0 }); // onnxruntime refuses negative sizes and a wrong sum
  return onnx.multi("Split", [name, all], groups + 1, { axis });
}

/** The rows of a node in parts. Gathered rows are gathered part by part, and not copied once more. */
function groupsOf(site: Site, node: number, sizesNode: number): readonly string[] {
  const { onnx, graph, value } = site;
  const known = onnx.partsOf(value(node), value(sizesNode));
  if (known !== undefined) return known;
  const [rows] = shapeOf(graph, node) as [number];
  const given = graph.nodes[node];
  const [table = -1, indices = -1] = given?.inputs ?? [];
  const gathered =
    given?.op === "gather" && numberAttribute(given, "axis") === 0 && shapeOf(graph, indices).length === 1;
  return gathered
    ? split(site, indicesOf(site, indices), sizesNode, rows).map((part) =>
        onnx.op("Gather", [value(table), part], { axis: 0 }),
      )
    : split(site, value(node), sizesNode, rows);
}

function shapeOf(graph: Graph, node: number): readonly number[] {
  return graph.nodes[node]?.shape ?? [];
}

/** The operands of a node of three. */
function operandsOf(graph: Graph, node: number): readonly [number, number, number] {
  const inputs = graph.nodes[node]?.inputs ?? [];
  if (inputs.length !== 3) throw malformed(`node ${node} has ${inputs.length} operands instead of 3`);
  return inputs as unknown as readonly [number, number, number];
}

/** The matrix of each group. Matrices that were stacked are read where they are: a copy of all would take longer. */
function matricesOf({ onnx, graph, value }: Site, node: number): readonly string[] {
  const stacked = graph.nodes[node];
  const sources = stacked?.op === "concat" && numberAttribute(stacked, "axis") === 0 ? stacked.inputs : [];
  const single = sources.flatMap((index) => {
    const part = graph.nodes[index];
    const source = part?.op === "reshape" ? (part.inputs[0] ?? -1) : -1;
    return String([1, ...shapeOf(graph, source)]) === String(part?.shape) ? [source] : [];
  });
  const [groups, rows, columns] = shapeOf(graph, node) as [number, number, number];
  if (single.length === groups) return single.map(value);
  const all = onnx.reshape(value(node), [groups * rows, columns]);
  return onnx.multi("Split", [all, onnx.vector(Array.from({ length: groups }, () => rows))], groups, { axis: 0 });
}

/** One product for each group, with a row of `biases` added. */
function productsOf(site: Site, index: number, biases?: readonly string[]): string {
  const { onnx, node, graph } = site;
  const [x, matrices, sizes] = operandsOf(graph, index);
  const given = graph.nodes[matrices];
  const transposed = given?.op === "transpose" && numbersAttribute(given, "permutation").join() === "0,2,1";
  const parts = groupsOf(site, x, sizes);
  const products = matricesOf(site, transposed ? (given.inputs[0] ?? -1) : matrices).map((matrix, group) =>
    onnx.op("Gemm", [parts[group] ?? "", matrix, ...(biases === undefined ? [] : [biases[group] ?? ""])], {
      transB: transposed ? 1 : 0,
    }),
  );
  // The rows of no group: their number times zeros.
  const rest = onnx.op("Shape", [parts.at(-1)!], { start: 0, end: 1 });
  const shape = onnx.op("Concat", [rest, onnx.vector([node.shape[1]!])], { axis: 0 });
  const none = onnx.op("Expand", [onnx.scalar("float32", 0), shape]);
  return onnx.joined([...products, none], site.value(sizes), node.shape);
}

/**
 * A sum of a product of groups, which only it reads, and of a row for each group, written as a product of ones with
 * these rows: one product for each group, with its row as the bias.
 */
export function biasedProducts(site: Site): string | undefined {
  const { graph, node } = site;
  const isProduct = (index: number): boolean => graph.nodes[index]?.op === "raggedMatmul" && site.uses(index) === 1;
  const [a, b] = node.inputs as readonly [number, number];
  if (!isProduct(a) || !isProduct(b)) return undefined;
  for (const [product, rows] of [
    [a, b],
    [b, a],
  ] as const) {
    // prettier-ignore
    const [ones, biases, sizes] = operandsOf(graph, rows);
    if (sizes === operandsOf(graph, product)[2] && isOne(graph, ones) && shapeOf(graph, biases)[1] === 1)
      return productsOf(site, product, matricesOf(site, biases));
  }
  return undefined;
}

function isOne(graph: Graph, index: number): boolean {
  const node = graph.nodes[index];
  if (node?.op === "broadcastTo" || node?.op === "reshape") return isOne(graph, node.inputs[0] ?? -1);
  return node?.op === "constant" && numberAttribute(node, "value") === 1;
}

const raggedMatmul: Lowering = (site) => productsOf(site, site.index);

/**
 * The products of a contraction: for each group its rows, transposed, with its other rows. A column, such as the ones
 * in the gradient of a bias, is made a row first, which onnxruntime multiplies faster.
 */
function contractionsOf(site: Site, node: number): readonly string[] {
  const { onnx, graph, value } = site;
  const [a, b, sizes] = operandsOf(graph, node);
  const [rows, width] = shapeOf(graph, a) as [number, number];
  const row = width === 1 ? onnx.reshape(value(a), [1, rows]) : undefined;
  const left = row === undefined ? groupsOf(site, a, sizes) : split(site, row, sizes, rows, 1);
  const right = groupsOf(site, b, sizes);
  const transA = row === undefined ? 1 : 0;
  return left.slice(0, -1).map((part, group) => onnx.op("Gemm", [part, right[group] ?? ""], { transA }));
}

const raggedContraction: Lowering = (site) => {
  const { onnx, node, index } = site;
  return onnx.reshape(onnx.op("Concat", contractionsOf(site, index), { axis: 0 }), node.shape);
};

/**
 * The product of one group, if that is what a node reads of a contraction: the gradient of one of many matrices that
 * were stacked. It is then never joined with the others.
 */
export function contractionOfGroup(site: Site): string | undefined {
  const { graph, node } = site;
  const part = graph.nodes[node.inputs[0] ?? -1];
  const whole = part?.inputs[0] ?? -1;
  if (node.op !== "reshape" || part?.op !== "slice" || graph.nodes[whole]?.op !== "raggedContraction") return undefined;
  const [groups, ...matrix] = shapeOf(graph, whole);
  const [[group = 0]] = [numbersAttribute(part, "start")];
  const isMatrix = String(part.shape) === String([1, ...matrix]) && String(node.shape) === String(matrix);
  return isMatrix && group < groups! ? contractionsOf(site, whole)[group] : undefined;
}

/** Products of groups of rows whose sizes are known only at run time. */
export const raggedProducts: LoweringTable = {
  raggedMatmul: on(floats, raggedMatmul),
  raggedContraction: on(floats, raggedContraction),
};
