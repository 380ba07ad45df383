import { loadModel, tensorOver } from "./engine.ts";
import { blockedDomain } from "./lowerings/blocked-convolution.ts";
import { GraphBuilder } from "./model/graph-builder.ts";
import { encodeModel } from "./model/onnx-model.ts";

let known: { readonly channels: number | undefined } | undefined;

/**
 * How many channels onnxruntime's fast convolutions keep beside each other on this processor: 8 or 16, or undefined if
 * it has none.
 */
export function channelBlock(): number | undefined {
  known ??= { channels: measure() };
  return known.channels;
}

/** A pixel with four channels gets as many as a whole block has; where there are no blocks, it keeps its four. */
function measure(): number | undefined {
  const onnx = GraphBuilder.main({ fills: "written" });
  const reordered = onnx.op("ReorderInput", ["x"], {}, blockedDomain);
  const shape = onnx.op("Shape", [reordered]);
  const { proto } = onnx.finish(
    [{ name: "x", type: "float32", shape: [1, 4, 1, 1] }],
    [{ name: shape, type: "int64", shape: [4] }],
  );
  // The first session of a process decides for its thread whether denormals are flushed.
  const options = { logSeverityLevel: 4, extra: { session: { set_denormal_as_zero: "1" } } } as const;
  try {
    const session = loadModel(encodeModel(proto, onnx.domains), options);
    const results = session.run({ x: tensorOver(new Float32Array(4), [1, 4, 1, 1], "float32") }, { [shape]: null });
    session.dispose();
    const channels = Number((results[shape]!.data as BigInt64Array)[1]);
    return channels > 4 ? channels : undefined;
  } catch {
    return undefined; // this onnxruntime has no such convolutions
  }
}
