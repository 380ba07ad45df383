import { numbersAttribute, sizeOf } from "@ansatz/core/plugin";
import {
  anything,
  type Lowering,
  type LoweringTable,
  signed,
  numbers,
  on,
  operand,
  type Site,
  typeOf,
} from "../model/lowering.ts";
import { equalShapes, operandsOf } from "./operands.ts";
import { biasedProducts } from "./ragged-matmul.ts";
import { tiled } from "./tiles.ts";

/** A matrix, and whether it is read transposed. */
interface Factor {
  readonly name: string;
  readonly transposed: 0 | 1;
}

/** A product of two matrices; its rows may stand for several axes. */
interface Product {
  readonly a: Factor;
  readonly b: Factor;
  /** The rows and columns of the product. */
  readonly rows: number;
  readonly columns: number;
}

/** An operand as a factor; a transpose of rank 2 is skipped. */
function factor(site: Pick<Site, "graph" | "value">, index: number): Factor {
  const node = site.graph.nodes[index];
  const source = node?.inputs[0];
  if (
    node?.op === "transpose" &&
    source !== undefined &&
    node.shape.length === 2 &&
    numbersAttribute(node, "permutation")[0] === 1
  ) {
    return { name: site.value(source), transposed: 1 };
  }
  return { name: site.value(index), transposed: 0 };
}

/** The matmul at an index as one product of matrices, if b has rank 2; the leading axes of a become rows. */
function productAt(site: Site, index: number): Product | undefined {
  const node = site.graph.nodes[index];
  const [a, b] = node?.inputs ?? [];
  if (node?.op !== "matmul" || node.dtype !== "float32" || a === undefined || b === undefined) return undefined;
  const [shapeA, shapeB] = [site.graph.nodes[a]?.shape, site.graph.nodes[b]?.shape];
  if (shapeA === undefined || shapeB?.length !== 2) return undefined;
  const columns = shapeB[1] ?? 1;
  const rows = sizeOf(node.shape) / columns;
  if (shapeA.length === 2) return { a: factor(site, a), b: factor(site, b), rows, columns };
  const flat = site.onnx.reshape(site.value(a), [rows, shapeA.at(-1) ?? 1]);
  return { a: { name: flat, transposed: 0 }, b: factor(site, b), rows, columns };
}

/** The source of a reshape that keeps the last axis, if only the reshape reads it; otherwise the node itself. */
function unreshaped(site: Site, index: number): number {
  const node = site.graph.nodes[index];
  const source = node?.inputs[0] ?? -1;
  const same = node?.shape.at(-1) === site.graph.nodes[source]?.shape.at(-1);
  return node?.op === "reshape" && same && site.uses(source) === 1 ? source : index;
}

/** One Gemm, with its result reshaped to the node's shape. */
function gemm(site: Site, { a, b, rows, columns }: Product, bias?: string): string {
  const { onnx, node } = site;
  const inputs = bias === undefined ? [a.name, b.name] : [a.name, b.name, bias];
  const result = onnx.op("Gemm", inputs, { transA: a.transposed, transB: b.transposed });
  return onnx.reshape(result, node.shape, [rows, columns]);
}

const matmul: Lowering = (site) => {
  const product = productAt(site, site.index);
  return product === undefined ? site.onnx.op("MatMul", [operand(site, 0), operand(site, 1)]) : gemm(site, product);
};

/** A product with fewer columns takes longer than one with as few rows and a transpose after it. */
const fewest = 16;

/**
 * A transpose, or a reshape if only axes of length 1 change places. If only it reads a product, it becomes the product
 * of the transposed factors in reverse order.
 */
const transpose: Lowering = (site) => {
  const index = site.node.inputs[0] ?? -1;
  const permutation = numbersAttribute(site.node, "permutation");
  const { shape } = typeOf(site, 0);
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  const stays = moved.every((axis, i) => i === 0 || moved[i - 1]! < axis);
  if (stays) return site.onnx.reshape(operand(site, 0), site.node.shape);
  const product =
    site.node.shape.length === 2 && permutation[0] === 1 && site.uses(index) === 1 ? productAt(site, index) : undefined;
  if (product === undefined || shape[0] !== product.rows || (product.rows < fewest && product.columns >= fewest))
    return tiled(site) ?? site.onnx.op("Transpose", [operand(site, 0)], { perm: permutation });
  const { a, b, rows, columns } = product;
  return gemm(site, { a: transposedFactor(b), b: transposedFactor(a), rows: columns, columns: rows });
};

function transposedFactor({ name, transposed }: Factor): Factor {
  return { name, transposed: transposed === 1 ? 0 : 1 };
}

/** A sum. A product that only it reads becomes a Gemm that begins with what is added: one row, or a whole matrix. */
const add: Lowering = (site) => {
  for (const [position, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const index = site.node.inputs[position] ?? -1;
    const { shape } = typeOf(site, other);
    const whole = equalShapes(shape, site.node.shape);
    if (!(whole || shape.length === 1) || site.uses(index) !== 1) continue;
    if (!equalShapes(typeOf(site, position).shape, site.node.shape)) continue;
    const product = productAt(site, unreshaped(site, index));
    if (product === undefined) continue;
    const { rows, columns } = product;
    if (whole)
      return gemm(
        site,
        product,
        shape.length === 2 ? operand(site, other) : site.onnx.reshape(operand(site, other), [rows, columns]),
      );
    if (shape[0] === columns) return gemm(site, product, operand(site, other));
  }
  return biasedProducts(site) ?? sumOfRows(site) ?? site.onnx.op("Add", operandsOf(site));
};

/** The sum of what products made and something of the same shape, such as the residual stream: row by row, too. */
function sumOfRows({ onnx, node, inputs, types }: Site): string | undefined {
  const rows = inputs.map((input) => onnx.rowsOf(input)).find((one) => one !== undefined);
  if (rows === undefined || !types.every(({ shape }) => equalShapes(shape, node.shape))) return undefined;
  const matrices = inputs.map((input) => onnx.reshape(input, rows.shape));
  return onnx.reshape(onnx.op("Add", matrices), node.shape, rows.shape);
}

/** Matrix products, and the transposes and sums that become part of them. */
export const matrices: LoweringTable = {
  matmul: on(signed, matmul),
  transpose: on(anything, transpose),
  add: on(numbers, add),
};
