import { numberAttribute, numbersAttribute, pairsAttribute } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";
import { blockedConvolution } from "./blocked-convolution.ts";
import { batchInColumns, transposedConvolution } from "./convolution-gradients.ts";
import { attributesOf, type Convolution } from "./convolution-geometry.ts";
import { interleave } from "./padding.ts";

/** Cross-correlation. Other ops dilate the input and cut what a negative padding cuts, before it. */
const convolution: Lowering = (site) => {
  const { onnx, node } = site;
  const [{ shape }, kernel] = [typeOf(site, 0), typeOf(site, 1)];
  const pairs = pairsAttribute(node, "padding");
  const gaps = numbersAttribute(node, "inputDilation").map((dilation) => dilation - 1);
  const transposed = transposedConvolution(site);
  if (transposed !== undefined && gaps.some((gap) => gap > 0)) return transposed;
  let x = interleave(onnx, operand(site, 0), shape, [0, 0, ...gaps], onnx.scalar("float32", 0));
  let lengths = shape.slice(2).map((length, axis) => length + (length - 1) * gaps[axis]!);
  if (pairs.some(([low, high]) => low < 0 || high < 0)) {
    const start = pairs.map(([low]) => Math.max(0, -low));
    const end = pairs.map(([, high], axis) => lengths[axis]! + Math.min(0, high));
    x = onnx.op("Slice", [x, onnx.vector(start), onnx.vector(end), onnx.vector(pairs.map((_, axis) => axis + 2))]);
    lengths = end.map((last, axis) => last - start[axis]!);
  }
  const own: Convolution = {
    x,
    lengths,
    pads: pairs.map(([low, high]) => [Math.max(0, low), Math.max(0, high)]),
    window: kernel.shape.slice(2),
    strides: numbersAttribute(node, "stride"),
    dilations: numbersAttribute(node, "kernelDilation"),
    group: numberAttribute(node, "groups"),
  };
  return (
    batchInColumns(site, own) ??
    blockedConvolution(site, own) ??
    transposed ??
    onnx.op("Conv", [x, operand(site, 1)], attributesOf(own))
  );
};

export const convolutions: LoweringTable = { convolution: on(floats, convolution) };
