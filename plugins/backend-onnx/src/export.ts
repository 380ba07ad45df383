import type { Tensor, TypedArray } from "@ansatz/core";
import { traceGraph, type TensorType, type Tree } from "@ansatz/core/plugin";
import { supports } from "./backend.ts";
import { buildModel } from "./model/onnx-model.ts";

export interface OnnxExportOptions {
  /** What the inputs are called; input0, input1, … otherwise. */
  readonly inputs?: readonly string[];
  /** What the outputs are called, in the order of the result's leaves; output0, output1, … otherwise. */
  readonly outputs?: readonly string[];
}

/**
 * An inference function as an ONNX model that any onnxruntime loads, its parameters stored inside.
 *
 * `examples` give the inputs' shapes and dtypes; their values do not matter. Put a model into `eval()` first.
 *
 * @throws BackendError for what onnxruntime cannot do
 * @example (await toOnnx((x) => x.mul(2), [{ shape: [3], dtype: "float32" }])).length > 0 // true
 */
export async function toOnnx(
  fn: (...inputs: Tensor[]) => Tree,
  examples: readonly TensorType[],
  options: OnnxExportOptions = {},
): Promise<Uint8Array> {
  const { graph, argumentCount, constants } = traceGraph(fn, examples, { name: "onnx", supports });
  const stored = new Map<string, TypedArray>();
  const inputs: string[] = [];
  for (let i = 0; i < argumentCount; i++) inputs.push(options.inputs?.[i] ?? `input${i}`);
  for (const [i, constant] of constants.entries()) {
    const name = `stored${i}`;
    inputs.push(name);
    stored.set(name, await constant.data());
  }
  const outputs = graph.outputs.map((_, i) => options.outputs?.[i] ?? `output${i}`);
  return buildModel(graph, graph.outputs, { inputs, outputs, stored }).bytes;
}
