import { numberAttribute, numbersAttribute } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";
import { indicesAt } from "./operands.ts";
import { reducedByParts } from "./reductions.ts";

/**
 * ln Σ eˣ − x[target] of each row, where ln Σ eˣ is max x − ln(largest probability). The gradient reads the same
 * softmax, whose largest entry never underflows. A row with a NaN has only NaN probabilities, so the reductions need no
 * extra check for NaN.
 */
const crossEntropy: Lowering = (site) => {
  const { onnx } = site;
  const [logits, target] = [operand(site, 0), indicesAt(site, 1)];
  const [column, row] = [onnx.vector([1]), { keepdims: 0 }];
  const probability = onnx.op("ReduceMax", [onnx.op("Softmax", [logits], { axis: 1 }), column], row);
  const logPartition = onnx.op("Sub", [onnx.op("ReduceMax", [logits, column], row), onnx.op("Log", [probability])]);
  const picked = onnx.op("GatherElements", [logits, onnx.op("Unsqueeze", [target, column])], { axis: 1 });
  return onnx.op("Sub", [logPartition, onnx.op("Squeeze", [picked, column])]);
};

/**
 * ln Σ eˣ. The largest is subtracted first; where it is infinite, the largest number that is finite, so that the sum is
 * 0 or infinite. A NaN stays, whatever the largest is.
 */
const logSumExp: Lowering = (site) => {
  const { onnx, node } = site;
  const [axes, { shape }] = [numbersAttribute(node, "axes"), typeOf(site, 0)];
  const x = operand(site, 0);
  if (axes.length === 0) return x;
  const reduced = (op: "Max" | "Sum", of: string): string =>
    reducedByParts(onnx, op, of, axes, shape) ?? onnx.op(`Reduce${op}`, [of, onnx.vector(axes)], { keepdims: 1 });
  const [least, most] = [onnx.scalar("float32", -largestFinite), onnx.scalar("float32", largestFinite)];
  const largest = onnx.op("Clip", [reduced("Max", x), least, most]);
  const sum = reduced("Sum", onnx.op("Exp", [onnx.op("Sub", [x, largest])]));
  const result = onnx.op("Add", [onnx.op("Log", [sum]), largest]);
  return node.shape.length === shape.length ? result : onnx.reshape(result, node.shape);
};

const largestFinite = (2 - 2 ** -23) * 2 ** 127;

/** The normal rows with their means and inverse deviations. Rows that a product made are taken as it made them. */
const layerNorm: Lowering = (site) => {
  const { onnx, node, inputs } = site;
  const x = operand(site, 0);
  const rows = onnx.rowsOf(x);
  const attributes = { axis: -1, epsilon: { float: numberAttribute(node, "epsilon") } };
  const results = onnx.multi("LayerNormalization", [rows?.matrix ?? x, ...inputs.slice(1)], 3, attributes);
  if (rows === undefined) return results;
  const { shape } = typeOf(site, 0);
  const [count] = rows.shape as [number, number];
  return results.map((result, i) =>
    i === 0 ? onnx.reshape(result, shape, rows.shape) : onnx.reshape(result, [...shape.slice(0, -1), 1], [count, 1]),
  );
};

/** Composite ops that onnxruntime has as single ops. */
export const composites: LoweringTable = {
  softmax: on(floats, (site) =>
    site.onnx.op("Softmax", [operand(site, 0)], { axis: numberAttribute(site.node, "axis") }),
  ),
  logSoftmax: on(floats, (site) =>
    site.onnx.op("LogSoftmax", [operand(site, 0)], { axis: numberAttribute(site.node, "axis") }),
  ),
  relu: on(floats, (site) => site.onnx.op("Relu", [operand(site, 0)])),
  logSumExp: on(floats, logSumExp),
  softmaxCrossEntropy: on(floats, crossEntropy),
  layerNorm: on(floats, layerNorm),
};
