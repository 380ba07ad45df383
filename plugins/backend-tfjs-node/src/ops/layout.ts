import type { DType } from "@ansatz/core";
import { numberAttribute, numbersAttribute, type GraphNode } from "@ansatz/core/plugin";
import { type HeldDType, type Prepare, tfjsTypes } from "@ansatz/tfjs";
import { operation, scalar, vector } from "../tensorflow.ts";

/** An op with a list of integers as its second operand. */
function withNumbers(name: string, numbers: (node: GraphNode) => readonly number[]): Prepare {
  return (node, _inputs, engine) => operation(engine, name, {}, [vector(numbers(node))]);
}

/** The dtype by which TensorFlow holds one of ours. */
const heldAs = (dtype: DType) => tfjsTypes[dtype as HeldDType];

/** Ops that move values without changing them. They take every dtype. */
export const layout: Readonly<Record<string, Prepare>> = {
  reshape: withNumbers("Reshape", ({ shape }) => shape),
  transpose: withNumbers("Transpose", (node) => numbersAttribute(node, "permutation")),
  broadcastTo: withNumbers("BroadcastTo", ({ shape }) => shape),
  flip: withNumbers("ReverseV2", (node) => numbersAttribute(node, "axes")),
  slice: (node, _inputs, engine) => {
    const [start, step] = [numbersAttribute(node, "start"), numbersAttribute(node, "step")];
    const end = node.shape.map((length, axis) => start[axis]! + (length - 1) * step[axis]! + 1);
    return operation(engine, "StridedSlice", {}, [vector(start), vector(end), vector(step)]);
  },
  pad: (node, _inputs, engine) => {
    if (numbersAttribute(node, "interior").some((width) => width !== 0)) return undefined;
    const [before, after] = [numbersAttribute(node, "before"), numbersAttribute(node, "after")];
    const widths = before.flatMap((width, axis) => [width, after[axis]!]);
    return operation(engine, "PadV2", {}, [
      vector(widths, 2),
      scalar(numberAttribute(node, "value"), heldAs(node.dtype)),
    ]);
  },
  concat: (node, inputs, engine) =>
    operation(engine, "ConcatV2", { N: inputs.length, T: { dtype: heldAs(node.dtype) } }, [
      scalar(numberAttribute(node, "axis")),
    ]),
};
