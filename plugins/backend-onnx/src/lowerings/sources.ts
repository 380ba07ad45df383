import { numberAttribute } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import { anything, type LoweringTable, signed, on, operand } from "../model/lowering.ts";

/** Ops without inputs, and the barrier. */
export const sources: LoweringTable = {
  constant: on(anything, ({ onnx, node }) => onnx.scalar(elementTypeOf(node.dtype), numberAttribute(node, "value"))),

  iota: on(signed, ({ onnx, node }) => {
    const type = elementTypeOf(node.dtype);
    return onnx.op("Range", [onnx.scalar(type, 0), onnx.scalar(type, node.shape[0] ?? 0), onnx.scalar(type, 1)]);
  }),

  /**
   * A reshape to the tensor's own shape, which moves no data. The shape depends on the second operand, because 0 times
   * one of its elements is added to it.
   */
  barrier: on(anything, (site) => {
    const { onnx, node } = site;
    const element = onnx.op("Slice", [onnx.reshape(operand(site, 1), [-1]), onnx.vector([0]), onnx.vector([1])]);
    const nothing = onnx.op("Mul", [onnx.cast(element, "int64"), onnx.scalar("int64", 0)]);
    const shape = onnx.op("Add", [onnx.vector(node.shape), nothing]);
    const name = onnx.op("Reshape", [operand(site, 0), shape]);
    onnx.annotate({ name, type: elementTypeOf(node.dtype), shape: node.shape });
    return name;
  }),
};
