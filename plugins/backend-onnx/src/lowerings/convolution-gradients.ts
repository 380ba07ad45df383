import { numberAttribute, numbersAttribute, pairsAttribute, sizeOf } from "@ansatz/core/plugin";
import { operand, type Site, typeOf } from "../model/lowering.ts";
import { attributesOf, type Convolution } from "./convolution-geometry.ts";

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
export function transposedConvolution(site: Site): string | undefined {
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

/**
 * A convolution whose kernel is larger than its result, as in the gradient of a kernel, where images are channels and
 * channels a batch: its product has a column for each element of the result. With the whole batch beside each other in
 * the last axis, element by element, there are as many times more columns, and the kernel lies that far apart.
 */
export function batchInColumns(site: Site, own: Convolution): string | undefined {
  const { onnx, node } = site;
  const { x, lengths, pads, window, strides, dilations, group } = own;
  const [batch, outputs, ...counts] = node.shape as [number, number, ...number[]];
  if (group !== 1 || batch === 1 || strides.at(-1) !== 1 || sizeOf(counts) >= sizeOf(window)) return undefined;
  const space = counts.map((_, i) => i + 2);
  const last = <T>(values: readonly T[], change: (value: T) => T): T[] => [
    ...values.slice(0, -1),
    change(values.at(-1)!),
  ];
  const beside = onnx.reshape(onnx.op("Transpose", [x], { perm: [1, ...space, 0] }), [
    1,
    typeOf(site, 0).shape[1]!,
    ...last(lengths, (length) => length * batch),
  ]);
  const wide = {
    ...own,
    pads: last(pads, ([low, high]) => [low * batch, high * batch] as const),
    dilations: last(dilations, (dilation) => dilation * batch),
  };
  const columns = onnx.op("Conv", [beside, operand(site, 1)], attributesOf(wide));
  const apart = onnx.reshape(columns, [outputs, ...counts, batch]);
  return onnx.op("Transpose", [apart], { perm: [space.length + 1, 0, ...space.map((axis) => axis - 1)] });
}
