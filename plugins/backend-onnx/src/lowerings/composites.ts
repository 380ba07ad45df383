import { numberAttribute } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, operand } from "../model/lowering.ts";
import { indicesAt } from "./operands.ts";

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

/** Composite ops that onnxruntime has as single ops. */
export const composites: LoweringTable = {
  softmax: on(floats, (site) =>
    site.onnx.op("Softmax", [operand(site, 0)], { axis: numberAttribute(site.node, "axis") }),
  ),
  logSoftmax: on(floats, (site) =>
    site.onnx.op("LogSoftmax", [operand(site, 0)], { axis: numberAttribute(site.node, "axis") }),
  ),
  relu: on(floats, (site) => site.onnx.op("Relu", [operand(site, 0)])),
  softmaxCrossEntropy: on(floats, crossEntropy),
  layerNorm: on(floats, ({ onnx, node, inputs }) =>
    onnx.multi("LayerNormalization", inputs, 3, { axis: -1, epsilon: { float: numberAttribute(node, "epsilon") } }),
  ),
};
