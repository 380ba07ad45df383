import type { Shape } from "@ansatz/core";
import { numberAttribute, sizeOf } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { anything, type Lowering, type LoweringTable, signed, on, operand, typeOf } from "../model/lowering.ts";
import { indicesAt } from "./operands.ts";

/** What is added to a base along an axis: an update for each index. */
interface Scattered {
  readonly axis: number;
  readonly indices: string; // [count]
  readonly updates: string; // [...before, count, ...after]
  readonly shape: Shape; // of the updates
}

/**
 * Adds updates to a base along one axis. onnxruntime's ScatterND loses sums on several threads if indices repeat.
 * ScatterElements does not, but it needs an index for each element.
 */
function scattered(onnx: GraphBuilder, base: string, { axis, indices, updates, shape }: Scattered): string {
  const column = onnx.vector(shape.map((length, i) => (i === axis ? length : 1)));
  const each = onnx.op("Expand", [onnx.op("Reshape", [indices, column]), onnx.vector(shape)]);
  return onnx.op("ScatterElements", [base, each, updates], { axis, reduction: "add" });
}

/** Rows are added up as a product from so many elements on, and for up to so many different indices. */
const product = { leastElements: 2 ** 14, mostRows: 128 };

/**
 * Rows added to few rows, such as the gradient of a small vocabulary's embeddings, as a product with the matrix that
 * has a 1 where a row belongs: a seventh of the time. A NaN or infinity would spread to all rows there, and an index
 * out of range would add to none, so then they are scattered after all.
 */
function multiplied(onnx: GraphBuilder, base: string, rows: number, own: Scattered): string {
  const { indices, updates, shape } = own;
  const places = onnx.op("Range", [onnx.scalar("int32", 0), onnx.scalar("int32", rows), onnx.scalar("int32", 1)]);
  const belongs = onnx.op("Equal", [onnx.reshape(indices, [shape[0]!, 1]), places]);
  const sum = onnx.op("Gemm", [onnx.cast(belongs, "float32"), updates, base], { transA: 1 });
  const unfit = onnx.op("Or", [
    onnx.op("IsNaN", [onnx.op("ReduceSum", [sum], { keepdims: 0 })]),
    onnx.op("Greater", [onnx.op("ReduceMax", [indices], { keepdims: 0 }), onnx.scalar("int32", rows - 1)]),
  ]);
  const types = [{ type: elementTypeOf("float32"), shape: [rows, shape[1]!] }];
  return onnx.multi("If", [unfit], 1, {
    then_branch: onnx.branch((inside) => [scattered(inside, base, own)], types),
    else_branch: onnx.branch(() => [sum], types),
  })[0]!;
}

const scatterAdd: Lowering = (site) => {
  const { onnx, node } = site;
  const axis = numberAttribute(node, "axis");
  const count = sizeOf(typeOf(site, 1).shape);
  const shape = node.shape.map((length, i) => (i === axis ? count : length));
  const own = {
    axis,
    indices: onnx.reshape(indicesAt(site, 1), [count]),
    updates: onnx.reshape(operand(site, 2), shape),
    shape,
  };
  const [rows] = node.shape;
  const small = node.dtype === "float32" && shape.length === 2 && axis === 0 && rows! <= product.mostRows;
  return small && sizeOf(shape) >= product.leastElements
    ? multiplied(onnx, operand(site, 0), rows!, own)
    : scattered(onnx, operand(site, 0), own);
};

/** Ops that read or add at indices. */
export const indexing: LoweringTable = {
  gather: on(anything, (site) =>
    site.onnx.op("Gather", [operand(site, 0), indicesAt(site, 1)], { axis: numberAttribute(site.node, "axis") }),
  ),
  takeAlongAxis: on(anything, (site) =>
    site.onnx.op("GatherElements", [operand(site, 0), indicesAt(site, 1)], {
      axis: numberAttribute(site.node, "axis"),
    }),
  ),
  scatterAdd: on(signed, scatterAdd),
  scatterAddAlongAxis: on(signed, (site) =>
    site.onnx.op("ScatterElements", [operand(site, 0), indicesAt(site, 1), operand(site, 2)], {
      axis: numberAttribute(site.node, "axis"),
      reduction: "add",
    }),
  ),
};
