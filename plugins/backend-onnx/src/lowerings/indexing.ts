import { numberAttribute, sizeOf } from "@ansatz/core/plugin";
import { anything, type Lowering, type LoweringTable, signed, on, operand, typeOf } from "../model/lowering.ts";
import { indicesAt } from "./operands.ts";

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
  const indices = onnx.op("Expand", [onnx.op("Reshape", [indicesAt(site, 1), column]), shape]);
  const updates = onnx.op("Reshape", [operand(site, 2), shape]);
  return onnx.op("ScatterElements", [operand(site, 0), indices, updates], { axis, reduction: "add" });
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
