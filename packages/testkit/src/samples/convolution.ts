import { convolution, type ConvolutionOptions, type Shape } from "@ansatz/core";
import { between, samplesOf, type OpSamples, type Sample } from "../sample.ts";
import { offsetOf, positions, reader } from "./positions.ts";

/** One number, or one for each spatial axis. */
const along = (value: number | readonly number[] | undefined, axis: number): number =>
  typeof value === "number" ? value : (value?.[axis] ?? 1);

/**
 * The definition, written out: each result is the sum of the padded, dilated input times the kernel, over channels and
 * window.
 */
function correlate(
  x: readonly number[],
  xShape: Shape,
  w: readonly number[],
  wShape: Shape,
  options: ConvolutionOptions,
): number[] {
  const space = xShape.slice(2);
  const padding = space.map((_, axis): readonly [number, number] => {
    const own = typeof options.padding === "number" ? options.padding : (options.padding?.[axis] ?? 0);
    return typeof own === "number" ? [own, own] : own;
  });
  const lengths = space.map((length, axis) => {
    const room = padding[axis]![0] + (length - 1) * along(options.inputDilation, axis) + 1 + padding[axis]![1];
    const reach = (wShape[axis + 2]! - 1) * along(options.kernelDilation, axis) + 1;
    return Math.floor((room - reach) / along(options.stride, axis)) + 1;
  });
  const read = reader(x, xShape);
  const channels = wShape[1]!;
  const outputsPerGroup = wShape[0]! / (options.groups ?? 1);
  return positions([xShape[0]!, wShape[0]!, ...lengths]).map(([image, output, ...place]) => {
    let total = 0;
    for (const [channel, ...tap] of positions(wShape.slice(1))) {
      const from = tap.map(
        (k, axis) =>
          (place[axis]! * along(options.stride, axis) + k * along(options.kernelDilation, axis) - padding[axis]![0]) /
          along(options.inputDilation, axis),
      );
      if (from.some((index, axis) => !Number.isInteger(index) || index < 0 || index >= space[axis]!)) continue;
      const source = Math.floor(output! / outputsPerGroup) * channels + channel!;
      total += read(image!, source, ...from) * w[offsetOf(wShape, [output!, channel!, ...tap])]!;
    }
    return total;
  });
}

function sample(name: string, x: Shape, w: Shape, options: ConvolutionOptions = {}): Sample {
  return {
    name,
    inputs: [between(-1, 1, x), between(-1, 1, w)],
    call: (input, kernel) => convolution(input, kernel, options),
    expected: (input, kernel) => [correlate(input, x, kernel, w, options)],
  };
}

/** Convolutions of one to three spatial axes. */
export const convolutions: readonly OpSamples[] = [
  samplesOf(
    convolution,
    sample("one axis", [2, 3, 8], [4, 3, 3]),
    sample("one by one", [1, 2, 3], [2, 2, 1]),
    sample("stride, and padding on one side", [1, 2, 9], [2, 2, 3], { stride: 2, padding: [[2, 0]] }),
    sample("a stride that leaves a rest", [1, 1, 8], [1, 1, 3], { stride: 3 }),
    sample("negative padding", [1, 1, 8], [1, 1, 3], { padding: [[-2, 1]] }),
    sample("kernel dilation", [1, 2, 9], [2, 2, 3], { kernelDilation: 2, padding: 1 }),
    sample("input dilation", [1, 2, 4], [2, 2, 3], { inputDilation: 2, padding: 2 }),
    sample("input dilation and stride", [1, 1, 5], [1, 1, 2], { inputDilation: 3, stride: 2, padding: [[1, 2]] }),
    sample("groups", [2, 4, 5], [6, 2, 3], { groups: 2, padding: 1 }),
    sample("each channel apart", [1, 3, 5], [3, 1, 3], { groups: 3 }),
    sample("two axes", [2, 3, 5, 6], [4, 3, 3, 2], { padding: [1, [0, 1]] }),
    sample("two axes, everything differs", [1, 2, 7, 5], [4, 1, 2, 3], {
      stride: [2, 1],
      padding: [
        [1, 0],
        [2, 1],
      ],
      kernelDilation: [2, 1],
      groups: 2,
    }),
    sample("three axes", [1, 2, 3, 4, 3], [2, 2, 2, 2, 2], { padding: [0, 1, 0] }),
    { ...sample("training size", [8, 16, 16, 16], [32, 16, 3, 3], { padding: 1 }), training: true },
  ),
];
