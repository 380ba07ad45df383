import type { Shape } from "@ansatz/core";
import { numbersAttribute, sizeOf } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { anything, type Lowering, type LoweringTable, on, operand, type Site, typeOf } from "../model/lowering.ts";
import { placesOf } from "./operands.ts";

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

/** With more rows than this, their places would be a large constant. */
const mostRows = 4_096;

const dynamicUpdateSlice: Lowering = (site) => {
  const { onnx } = site;
  const [{ shape }, { shape: sizes }] = [typeOf(site, 0), typeOf(site, 1)];
  if (shape.length === 0) return operand(site, 1);
  const starts = clamp(onnx, operand(site, 2), shape, sizes);
  const depth = shape.findLastIndex((length, axis) => length !== sizes[axis]) + 1;
  if (depth === 0) return operand(site, 1);
  const rows = sizes.slice(0, depth);
  return sizeOf(rows) <= mostRows ? scatterRows(site, rows, starts) : scatterElements(site, starts);
};

/** Scatters rows of the update, which are as long as those of the tensor: start + own position along the other axes. */
function scatterRows(site: Site, rows: Shape, starts: string): string {
  const { onnx } = site;
  const own = placesOf(rows).flat();
  const depth = rows.length;
  const first = onnx.op("Slice", [onnx.cast(starts, "int64"), onnx.vector([0]), onnx.vector([depth])]);
  const positions = onnx.reshape(onnx.vector(own), [...rows, depth]);
  return onnx.op("ScatterND", [operand(site, 0), onnx.op("Add", [positions, first]), operand(site, 1)]);
}

/**
 * Scatters the elements of the update to their places in the flat tensor: Σ (start + own position) · stride over the
 * axes.
 */
function scatterElements(site: Site, starts: string): string {
  const { onnx } = site;
  const [{ shape }, { shape: sizes }] = [typeOf(site, 0), typeOf(site, 1)];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const offset = onnx.op("ReduceSum", [onnx.op("Mul", [starts, onnx.vector(strides, "int32")]), onnx.vector([0])], {
    keepdims: 0,
  });
  const places = strides.map((stride, axis) => {
    const own = Array.from({ length: sizes[axis] ?? 0 }, (_, position) => position * stride);
    return onnx.reshape(
      onnx.vector(own, "int32"),
      shape.map((_, other) => (other === axis ? -1 : 1)),
    );
  });
  const indices = onnx.reshape(
    places.reduce((sum, place) => onnx.op("Add", [sum, place]), offset),
    [-1],
  );
  const flat = [operand(site, 0), operand(site, 1)].map((name) => onnx.reshape(name, [-1])) as [string, string];
  return onnx.reshape(onnx.op("ScatterElements", [flat[0], indices, flat[1]], { axis: 0 }), shape);
}

/** Windows with offsets that are known only at run time. */
export const dynamicSlices: LoweringTable = {
  dynamicSlice: on(anything, dynamicSlice),
  dynamicUpdateSlice: on(anything, dynamicUpdateSlice),
};
