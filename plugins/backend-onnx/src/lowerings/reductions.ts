import {
  flagAttribute,
  type Lowering,
  type LoweringTable,
  listAttribute,
  number,
  numberAttribute,
  on,
  operand,
  type Site,
  typeOf,
} from "../model/lowering.ts";

/** A reduction under ONNX's name. */
function reduction(op: string): Lowering {
  return (site) => {
    const axes = listAttribute(site.node, "axes");
    if (axes.length === 0) return operand(site, 0);
    return site.onnx.op(op, [operand(site, 0), site.onnx.vector(axes)], { keepdims: flagAttribute(site.node, "keepDims") });
  };
}

/** onnxruntime's extrema lose NaN; it is put back wherever the reduced elements have one. */
function extremum(op: string): Lowering {
  return (site) => {
    const extreme = reduction(op)(site) as string;
    const axes = listAttribute(site.node, "axes");
    if (typeOf(site, 0).dtype !== "float32" || axes.length === 0) return extreme;
    return site.onnx.op("Where", [anyNaN(site, axes), site.onnx.scalar("float32", Number.NaN), extreme]);
  };
}

/** Whether there is a NaN among the elements reduced over the axes. */
export function anyNaN(site: Site, axes: readonly number[]): string {
  const { onnx, node } = site;
  const isNaN = onnx.op("IsNaN", [operand(site, 0)]);
  return onnx.op("ReduceMax", [isNaN, onnx.vector(axes)], { keepdims: flagAttribute(node, "keepDims") });
}

/** The first extremum; the first NaN where there is one. */
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
  sum: on(number, reduction("ReduceSum")),
  prod: on(number, reduction("ReduceProd")),
  max: on(number, extremum("ReduceMax")),
  min: on(number, extremum("ReduceMin")),
  argmax: on(number, position("ArgMax")),
  argmin: on(number, position("ArgMin")),
};
