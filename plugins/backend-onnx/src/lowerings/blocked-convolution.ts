import { sizeOf } from "@ansatz/core/plugin";
import { operand, type Site, typeOf } from "../model/lowering.ts";
import { attributesOf, type Convolution } from "./convolution-geometry.ts";

/** onnxruntime's ops on tensors whose channels are in blocks: [batch, channels / block, rows, columns, block]. */
export const blockedDomain = "com.microsoft.nchwc";

/** Below, changes of layout cost more than they save; above this many channels, the usual convolution is fast. */
const [leastOfWindow, mostChannels] = [9, 64];
/** Where padding makes a result larger than what is read, the transposed convolution multiplies by fewer zeros. */
const mostGrowth = 1.5;

/**
 * A convolution over two axes with its channels in blocks: onnxruntime computes it up to twice as fast as in the usual
 * layout, and does so by itself only for kernels that are constant.
 */
export function blockedConvolution(site: Site, own: Convolution): string | undefined {
  const { onnx, node } = site;
  const [outputs, inputs] = typeOf(site, 1).shape as [number, number, ...number[]];
  const [{ window }, block] = [own, onnx.channelBlock];
  if (block === undefined || own.group !== 1 || window.length !== 2) return undefined;
  if (inputs % block !== 0 || outputs % block !== 0) return undefined;
  if (sizeOf(window) < leastOfWindow || Math.min(inputs, outputs) > mostChannels) return undefined;
  // The gradient of a kernel has few positions, and that of an input has more than it reads.
  const positions = sizeOf(node.shape.slice(2));
  if (positions < sizeOf(window) || positions > mostGrowth * sizeOf(own.lengths)) return undefined;
  const split = onnx.reshape(operand(site, 1), [outputs / block, block, inputs / block, block, ...window]);
  const parted = onnx.op("Transpose", [split], { perm: [0, 2, 4, 5, 3, 1] });
  const kernel = onnx.reshape(parted, [outputs, inputs, ...window]);
  const x = onnx.op("ReorderInput", [own.x], {}, blockedDomain);
  const y = onnx.op("Conv", [x, kernel], attributesOf(own), blockedDomain);
  const result = onnx.op("ReorderOutput", [y], { channels: outputs }, blockedDomain);
  onnx.annotate({ name: result, type: "float32", shape: node.shape });
  return result;
}
