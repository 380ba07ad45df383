import { numberAttribute, numbersAttribute, sizeOf } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import { anything, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";
import { interleave } from "./padding.ts";
import { contractionOfGroup } from "./ragged-matmul.ts";

/** A constant with more elements than this is not stored in the model. */
const largeFill = 1_024;

const broadcastTo: Lowering = (site) => {
  const { onnx, node, graph } = site;
  const source = graph.nodes[node.inputs[0] ?? -1];
  const large = source?.op === "constant" && sizeOf(node.shape) > largeFill;
  const x = large ? onnx.fill(elementTypeOf(node.dtype), numberAttribute(source, "value")) : operand(site, 0);
  return onnx.op("Expand", [x, onnx.vector(node.shape)]);
};

const reshape: Lowering = (site) => contractionOfGroup(site) ?? site.onnx.reshape(operand(site, 0), site.node.shape);

const slice: Lowering = (site) => {
  const { onnx, node } = site;
  const [start, end, step] = [
    numbersAttribute(node, "start"),
    numbersAttribute(node, "end"),
    numbersAttribute(node, "step"),
  ];
  const { shape } = typeOf(site, 0);
  const axes = shape.flatMap((length, axis) =>
    start[axis] === 0 && end[axis] === length && step[axis] === 1 ? [] : [axis],
  );
  if (axes.length === 0) return operand(site, 0);
  const along = (values: readonly number[]): string => onnx.vector(axes.map((axis) => values[axis] ?? 0));
  return onnx.op("Slice", [operand(site, 0), along(start), along(end), onnx.vector(axes), along(step)]);
};

/** A slice backwards from the last element. Its end is before the first element, however long the axis is. */
const flip: Lowering = (site) => {
  const { onnx, node } = site;
  const axes = numbersAttribute(node, "axes");
  const all = (value: number): string => onnx.vector(axes.map(() => value));
  return axes.length === 0
    ? operand(site, 0)
    : onnx.op("Slice", [operand(site, 0), all(-1), all(-(2 ** 31)), onnx.vector(axes), all(-1)]);
};

const pad: Lowering = (site) => {
  const { onnx, node } = site;
  const [before, after] = [numbersAttribute(node, "before"), numbersAttribute(node, "after")];
  const fill = onnx.scalar(elementTypeOf(node.dtype), numberAttribute(node, "value"));
  const x = interleave(onnx, operand(site, 0), typeOf(site, 0).shape, numbersAttribute(node, "interior"), fill);
  return onnx.op("Pad", [x, onnx.vector([...before, ...after]), fill]);
};

/** Ops that move values without changing them. */
export const shapes: LoweringTable = {
  reshape: on(anything, reshape),
  concat: on(anything, ({ onnx, node, inputs }) => onnx.op("Concat", inputs, { axis: numberAttribute(node, "axis") })),
  broadcastTo: on(anything, broadcastTo),
  slice: on(anything, slice),
  flip: on(anything, flip),
  pad: on(anything, pad),
};
