import type { Shape } from "@ansatz/core";
import { numbersAttribute } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { anything, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";

/** The starts, clamped so that a window of the given sizes fits. */
function clamp(onnx: GraphBuilder, starts: string, shape: Shape, sizes: Shape): string {
  const last = onnx.vector(
    shape.map((length, axis) => length - (sizes[axis] ?? 0)),
    "int32",
  );
  return onnx.op("Max", [
    onnx.op("Min", [starts, last]),
    onnx.vector(
      shape.map(() => 0),
      "int32",
    ),
  ]);
}

const dynamicSlice: Lowering = (site) => {
  const { onnx, node } = site;
  const { shape } = typeOf(site, 0);
  const sizes = numbersAttribute(node, "sizes");
  if (shape.length === 0) return operand(site, 0);
  const starts = clamp(onnx, operand(site, 1), shape, sizes);
  const name = onnx.op("Slice", [operand(site, 0), starts, onnx.op("Add", [starts, onnx.vector(sizes, "int32")])]);
  onnx.annotate({ name, type: elementTypeOf(node.dtype), shape: node.shape });
  return name;
};

/**
 * Scatters the elements of the update to their places in the flat tensor: Σ (start + own position) · stride over the
 * axes.
 */
const dynamicUpdateSlice: Lowering = (site) => {
  const { onnx } = site;
  const [{ shape }, { shape: sizes }] = [typeOf(site, 0), typeOf(site, 1)];
  if (shape.length === 0) return operand(site, 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const starts = clamp(onnx, operand(site, 2), shape, sizes);
  const offset = onnx.op("ReduceSum", [onnx.op("Mul", [starts, onnx.vector(strides, "int32")]), onnx.vector([0])], {
    keepdims: 0,
  });
  const places = strides.map((stride, axis) => {
    const own = Array.from({ length: sizes[axis] ?? 0 }, (_, position) => position * stride);
    return onnx.op("Reshape", [
      onnx.vector(own, "int32"),
      onnx.vector(shape.map((_, other) => (other === axis ? -1 : 1))),
    ]);
  });
  const indices = onnx.op("Reshape", [
    places.reduce((sum, place) => onnx.op("Add", [sum, place]), offset),
    onnx.vector([-1]),
  ]);
  const flat = [operand(site, 0), operand(site, 1)].map((name) => onnx.op("Reshape", [name, onnx.vector([-1])])) as [
    string,
    string,
  ];
  return onnx.op("Reshape", [onnx.op("ScatterElements", [flat[0], indices, flat[1]], { axis: 0 }), onnx.vector(shape)]);
};

/** Windows with offsets that are known only at run time. */
export const dynamicSlices: LoweringTable = {
  dynamicSlice: on(anything, dynamicSlice),
  dynamicUpdateSlice: on(anything, dynamicUpdateSlice),
};
