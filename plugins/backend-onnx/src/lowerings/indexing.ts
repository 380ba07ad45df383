import { numberAttribute, sizeOf } from "@ansatz/core/plugin";
import { anything, type Lowering, type LoweringTable, signed, on, operand, typeOf } from "../model/lowering.ts";

/**
 * Adds updates to a base along one axis. onnxruntime's ScatterND loses sums on several threads if indices repeat.
 * ScatterElements does not, but it needs an index for each element.
 */
const scatterAdd: Lowering = (site) => {
  const { onnx, node } = site;
  const axis = numberAttribute(node, "axis");
  const count = sizeOf(typeOf(site, 1).shape);
  const [before, after] = [node.shape.slice(0, axis), node.shape.slice(axis + 1)];
  const shape = onnx.vector([...before, count, ...after]);
  const column = onnx.vector([...before.map(() => 1), count, ...after.map(() => 1)]);
  const indices = onnx.op("Expand", [onnx.op("Reshape", [operand(site, 1), column]), shape]);
  const updates = onnx.op("Reshape", [operand(site, 2), shape]);
  return onnx.op("ScatterElements", [operand(site, 0), indices, updates], { axis, reduction: "add" });
};

/** Ops that read or add at indices. */
export const indexing: LoweringTable = {
  gather: on(anything, ({ onnx, node, inputs }) => onnx.op("Gather", inputs, { axis: numberAttribute(node, "axis") })),
  takeAlongAxis: on(anything, ({ onnx, node, inputs }) =>
    onnx.op("GatherElements", inputs, { axis: numberAttribute(node, "axis") }),
  ),
  scatterAdd: on(signed, scatterAdd),
  scatterAddAlongAxis: on(signed, ({ onnx, node, inputs }) =>
    onnx.op("ScatterElements", inputs, { axis: numberAttribute(node, "axis"), reduction: "add" }),
  ),
};
