import { numberAttribute, numbersAttribute, pairsAttribute, sizeOf } from "@ansatz/core/plugin";
import { operand, type Site, typeOf } from "../model/lowering.ts";

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

/** A kernel is then so large, and its positions are so few, that each position is one product. */
const places = { most: 9, leastOfKernel: 32 };

/**
 * The gradient of a convolution's kernel as a product for each of its elements, summed over the images. Its convolution
 * has a kernel as large as an image, images as channels, and as many positions as the kernel has elements; onnxruntime
 * takes twice the time for that. `pads` are not negative.
 */
export function productsByPlace(
  site: Site,
  x: string,
  pads: readonly (readonly [number, number])[],
): string | undefined {
  const { onnx, node } = site;
  const [inputs, [outputs, , ...window]] = [
    typeOf(site, 0).shape,
    typeOf(site, 1).shape as [number, number, ...number[]],
  ];
  const [size, [batch, , ...counts]] = [sizeOf(window), node.shape as [number, number, ...number[]]];
  if (numberAttribute(node, "groups") !== 1 || sizeOf(counts) > places.most || size < places.leastOfKernel)
    return undefined;
  const axes = onnx.vector(window.map((_, i) => i + 2));
  const images = inputs[1]!;
  const swap = { perm: [1, 0, ...window.map((_, i) => i + 2)] };
  const padded = onnx.op("Pad", [
    x,
    onnx.vector([0, 0, ...pads.map(([low]) => low), 0, 0, ...pads.map(([, high]) => high)]),
    onnx.scalar("float32", 0),
  ]);
  const [seen, kernel] = [onnx.op("Transpose", [padded], swap), onnx.op("Transpose", [operand(site, 1)], swap)];
  const flat = onnx.op("Reshape", [kernel, onnx.vector([images, outputs, size])]);
  const columns = onnx.op("Transpose", [flat], { perm: [0, 2, 1] });
  const [strides, dilations] = [numbersAttribute(node, "stride"), numbersAttribute(node, "kernelDilation")];
  const products = placesOf(counts).map((place) => {
    const start = place.map((position, i) => position * strides[i]!);
    const end = start.map((position, i) => position + (window[i]! - 1) * dilations[i]! + 1);
    const part = onnx.op("Slice", [seen, onnx.vector(start), onnx.vector(end), axes, onnx.vector(dilations)]);
    const rows = onnx.op("Reshape", [part, onnx.vector([images, batch, size])]);
    const sum = onnx.op("ReduceSum", [onnx.op("MatMul", [rows, columns]), onnx.vector([0])], { keepdims: 0 });
    return onnx.op("Reshape", [sum, onnx.vector([batch, outputs, 1])]);
  });
  return onnx.op("Reshape", [onnx.op("Concat", products, { axis: 2 }), onnx.vector(node.shape)]);
}

/** All positions of axes of these lengths, the last axis fastest. */
function placesOf(counts: readonly number[]): readonly (readonly number[])[] {
  return counts.reduce<number[][]>(
    (before, count) => before.flatMap((place) => Array.from({ length: count }, (_, i) => [...place, i])),
    [[]],
  );
}
