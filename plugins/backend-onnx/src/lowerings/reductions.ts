import type { Shape } from "@ansatz/core";
import { flagAttribute, numberAttribute, numbersAttribute, sizeOf } from "@ansatz/core/plugin";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { type Lowering, type LoweringTable, signed, on, operand, type Site, typeOf } from "../model/lowering.ts";

/** A reduction by the ONNX op of this name. */
function reduction(op: string, of = (site: Site) => operand(site, 0)): Lowering {
  return (site) => {
    const axes = numbersAttribute(site.node, "axes");
    if (axes.length === 0) return of(site);
    return site.onnx.op(op, [of(site), site.onnx.vector(axes)], { keepdims: flagAttribute(site.node, "keepDims") });
  };
}

/** How many rows make the product with a row of ones worthwhile; a longer row of ones would be a large constant. */
const rows = { least: 16, most: 65_536 };

/**
 * Up to this length, an axis is reduced by the op of several operands. It keeps NaN; and a sum of up to so many
 * elements takes a sixteenth of the time.
 */
const fewest = { length: 8, summed: 65_536 };

/** A reduction over one short axis, which keeps its place, by the op of several operands. */
export function reducedByParts(
  onnx: GraphBuilder,
  op: "Max" | "Min" | "Sum",
  x: string,
  [axis, ...others]: readonly number[],
  shape: Shape,
): string | undefined {
  const length = shape[axis ?? -1] ?? 0;
  if (others.length > 0 || length < 2 || length > fewest.length) return undefined;
  if (op === "Sum" && sizeOf(shape) > fewest.summed) return undefined;
  return onnx.op(op, onnx.multi("Split", [x], length, { axis: axis!, num_outputs: length }));
}

/** What is squared and added up as a whole, such as a gradient whose norm is taken: one pass. */
function squared({ graph, node, uses }: Site): number | undefined {
  const [index = -1] = node.inputs;
  const { op, inputs, shape, dtype } = graph.nodes[index]!;
  const whole = shape.length > 0 && numbersAttribute(node, "axes").length === shape.length;
  return whole && op === "mul" && inputs[0] === inputs[1] && dtype === "float32" && uses(index) === 1
    ? inputs[0]
    : undefined;
}

/**
 * A sum. A sum over leading axes, e.g. the gradient of a bias, becomes a row of ones times a matrix, which takes
 * onnxruntime about half the time.
 */
const sum: Lowering = (site) => {
  const source = squared(site);
  if (source !== undefined) return reduction("ReduceSumSquare", () => site.value(source))(site);
  const axes = numbersAttribute(site.node, "axes");
  const { shape, dtype } = typeOf(site, 0);
  const parts = dtype === "float32" ? reducedByParts(site.onnx, "Sum", operand(site, 0), axes, shape) : undefined;
  if (parts !== undefined) return site.onnx.reshape(parts, site.node.shape);
  const count = sizeOf(shape.slice(0, axes.length));
  const leading = axes.every((axis, i) => axis === i) && axes.length < shape.length;
  if (dtype !== "float32" || !leading || count < rows.least || count > rows.most) return reduction("ReduceSum")(site);
  const { onnx, node } = site;
  const matrix = onnx.reshape(operand(site, 0), [count, sizeOf(shape) / count]);
  return onnx.reshape(onnx.op("Gemm", [onnx.ones(count), matrix]), node.shape);
};

/** onnxruntime's extrema lose NaN, so it is put back where the reduced elements contain one. */
function extremum(op: "Max" | "Min"): Lowering {
  return (site) => {
    const { onnx, node } = site;
    const axes = numbersAttribute(node, "axes");
    const { shape, dtype } = typeOf(site, 0);
    if (dtype !== "float32" || axes.length === 0) return reduction(`Reduce${op}`)(site);
    const parts = reducedByParts(onnx, op, operand(site, 0), axes, shape);
    if (parts !== undefined) return onnx.reshape(parts, node.shape);
    const extreme = reduction(`Reduce${op}`)(site) as string;
    return onnx.op("Where", [anyNaN(site, axes), onnx.scalar("float32", Number.NaN), extreme]);
  };
}

/** Whether there is a NaN among the elements reduced over the axes. */
export function anyNaN(site: Site, axes: readonly number[]): string {
  const { onnx, node } = site;
  const isNaN = onnx.op("IsNaN", [operand(site, 0)]);
  return onnx.op("ReduceMax", [isNaN, onnx.vector(axes)], { keepdims: flagAttribute(node, "keepDims") });
}

/** The position of the first NaN, or if there is none, of the first extremum. */
function position(op: string): Lowering {
  return (site) => {
    const { onnx, node } = site;
    const axis = numberAttribute(node, "axis");
    const attributes = { axis, keepdims: flagAttribute(node, "keepDims") };
    const plain = onnx.op(op, [operand(site, 0)], attributes);
    if (typeOf(site, 0).dtype !== "float32") return onnx.cast(plain, "int32");
    const isNaN = onnx.cast(onnx.op("IsNaN", [operand(site, 0)]), "uint8");
    const firstNaN = onnx.op("ArgMax", [isNaN], attributes);
    return onnx.cast(onnx.op("Where", [anyNaN(site, [axis]), firstNaN, plain]), "int32");
  };
}

/** Reductions over axes. */
export const reductions: LoweringTable = {
  sum: on(signed, sum),
  prod: on(signed, reduction("ReduceProd")),
  max: on(signed, extremum("Max")),
  min: on(signed, extremum("Min")),
  argmax: on(signed, position("ArgMax")),
  argmin: on(signed, position("ArgMin")),
};
