import type { Tensor, TypedArray } from "@ansatz/core";
import { traceGraph, type TensorType, type Tree } from "@ansatz/core/plugin";
import { supports } from "./onnx.ts";
import { buildModel } from "./model/onnx-model.ts";

export interface OnnxExportOptions {
  /** The names of the inputs. Default: input0, input1, … */
  readonly inputs?: readonly string[];
  /** The names of the outputs, in the order of the result's leaves. Default: output0, output1, … */
  readonly outputs?: readonly string[];
}

/**
 * Exports an inference function as an ONNX model that any onnxruntime can load. Its parameters are stored in the model.
 *
 * `examples` give the shapes and dtypes of the inputs. Call `eval()` on a model first.
 *
 * @throws BackendError for an op that onnxruntime cannot run
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
  return buildModel(graph, graph.outputs, { names: { inputs, outputs, stored } }).bytes;
}
