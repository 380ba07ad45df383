import { numberAttribute, numbersAttribute, pairsAttribute } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";
import { productsByPlace, transposedConvolution } from "./convolution-gradients.ts";
import { interleave } from "./padding.ts";

/** Cross-correlation. Conv has no input dilation and no negative padding, so other ops do both before it. */
const convolution: Lowering = (site) => {
  const transposed = transposedConvolution(site);
  if (transposed !== undefined) return transposed;
  const { onnx, node } = site;
  const [{ shape }, kernel] = [typeOf(site, 0), typeOf(site, 1)];
  const pairs = pairsAttribute(node, "padding");
  const gaps = numbersAttribute(node, "inputDilation").map((dilation) => dilation - 1);
  let x = interleave(onnx, operand(site, 0), shape, [0, 0, ...gaps], onnx.scalar("float32", 0));
  if (pairs.some(([low, high]) => low < 0 || high < 0)) {
    const lengths = shape.slice(2).map((length, axis) => length + (length - 1) * (gaps[axis] ?? 0));
    const start = onnx.vector(pairs.map(([low]) => Math.max(0, -low)));
    const end = onnx.vector(pairs.map(([, high], axis) => (lengths[axis] ?? 0) + Math.min(0, high)));
    x = onnx.op("Slice", [x, start, end, onnx.vector(pairs.map((_, axis) => axis + 2))]);
  }
  const pads = pairs.map(([low, high]) => [Math.max(0, low), Math.max(0, high)] as const);
  const products = productsByPlace(site, x, pads);
  if (products !== undefined) return products;
  return onnx.op("Conv", [x, operand(site, 1)], {
    kernel_shape: kernel.shape.slice(2),
    strides: numbersAttribute(node, "stride"),
    dilations: numbersAttribute(node, "kernelDilation"),
    pads: [...pads.map(([low]) => low), ...pads.map(([, high]) => high)],
    group: numberAttribute(node, "groups"),
  });
};

export const convolutions: LoweringTable = { convolution: on(floats, convolution) };
