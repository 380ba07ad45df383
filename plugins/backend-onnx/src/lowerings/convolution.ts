import { numberAttribute, numbersAttribute, pairsAttribute } from "@ansatz/core/plugin";
import { floats, type Lowering, type LoweringTable, on, operand, type Site, typeOf } from "../model/lowering.ts";
import { interleave } from "./padding.ts";

/** The kernel that is turned round, and whose channels have changed places within each group, at a node. */
function turnedKernel({ graph, node }: Site, index: number): number | undefined {
  const flip = graph.nodes[index];
  const joined = graph.nodes[flip?.inputs[0] ?? -1];
  const swap = graph.nodes[joined?.inputs[0] ?? -1];
  const grouped = graph.nodes[swap?.inputs[0] ?? -1];
  const [groups, outputs, ...rest] = grouped?.shape ?? [];
  const space = node.shape.slice(2).map((_, i) => i);
  const isTurned =
    [flip, joined, swap, grouped].map((own) => own?.op).join() === "flip,reshape,transpose,reshape" &&
    String(numbersAttribute(flip!, "axes")) === String(space.map((i) => i + 2)) &&
    String(numbersAttribute(swap!, "permutation")) === String([0, 2, 1, ...space.map((i) => i + 3)]) &&
    String(flip!.shape) === String([groups! * rest[0]!, outputs, ...rest.slice(1)]) &&
    String(graph.nodes[grouped!.inputs[0]!]!.shape) === String([groups! * outputs!, ...rest]) &&
    groups === numberAttribute(node, "groups");
  return isTurned ? grouped!.inputs[0] : undefined;
}

/**
 * The gradient of a convolution's input as the op that multiplies first and adds the overlaps up afterwards: it has no
 * more products than the convolution itself, while a convolution would multiply by the zeros around the gradient.
 */
function transposedConvolution(site: Site): string | undefined {
  const { onnx, node, value } = site;
  const kernel = turnedKernel(site, node.inputs[1] ?? -1);
  const window = typeOf(site, 1).shape.slice(2);
  const dilations = numbersAttribute(node, "kernelDilation");
  const strides = numbersAttribute(node, "inputDilation");
  const pads = pairsAttribute(node, "padding").map((pair, i) =>
    pair.map((width) => (window[i]! - 1) * dilations[i]! - width),
  ) as [low: number, high: number][];
  if (kernel === undefined || numbersAttribute(node, "stride").some((step) => step !== 1)) return undefined;
  if (pads.some(([low, high], i) => low < 0 || -high >= strides[i]!)) return undefined;
  return onnx.op("ConvTranspose", [operand(site, 0), value(kernel)], {
    kernel_shape: window,
    strides,
    dilations,
    pads: [...pads.map(([low]) => low), ...pads.map(([, high]) => Math.max(0, high))],
    output_padding: pads.map(([, high]) => Math.max(0, -high)),
    group: numberAttribute(node, "groups"),
  });
}

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
  return onnx.op("Conv", [x, operand(site, 1)], {
    kernel_shape: kernel.shape.slice(2),
    strides: numbersAttribute(node, "stride"),
    dilations: numbersAttribute(node, "kernelDilation"),
    pads: [...pairs.map(([low]) => Math.max(0, low)), ...pairs.map(([, high]) => Math.max(0, high))],
    group: numberAttribute(node, "groups"),
  });
};

export const convolutions: LoweringTable = { convolution: on(floats, convolution) };
