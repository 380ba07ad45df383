import type { Shape } from "@ansatz/core";
import { numberAttribute, numbersAttribute, pairsAttribute, sizeOf, type GraphNode } from "@ansatz/core/plugin";
import { at, floats, type PlainOps } from "./kernel.ts";
import { accumulator, store } from "./reduction.ts";

/** Cross-correlation over one to three spatial axes. */
export const convolution: PlainOps = {
  convolution: {
    dtypes: floats,
    kernel: (node, inputs) => {
      const [x, w] = [at(inputs, 0).shape, at(inputs, 1).shape];
      const [batch, channels] = [at(x, 0), at(x, 1)];
      const [outputs, perGroup] = [at(w, 0), at(w, 1)];
      const outputsPerGroup = outputs / numberAttribute(node, "groups");
      const [inputSize, outputSize, kernelSize] = [spatialSize(x), spatialSize(node.shape), spatialSize(w)];
      const taps = tapsOf(node, x, w);
      return ([input, weight]) => {
        const sums = accumulator(node.dtype, sizeOf(node.shape));
        for (let plane = 0; plane < batch * outputs; plane++) {
          const output = plane % outputs;
          const image = (plane - output) / outputs;
          const firstChannel = Math.floor(output / outputsPerGroup) * perGroup;
          for (let channel = 0; channel < perGroup; channel++) {
            const source = (image * channels + firstChannel + channel) * inputSize;
            const kernel = (output * perGroup + channel) * kernelSize;
            for (const tap of taps) {
              const factor = weight![kernel + tap.kernel]!;
              for (const row of tap.rows) {
                let read = source + row.input;
                let write = plane * outputSize + row.output;
                for (let count = 0; count < row.count; count++, read += row.inputStep, write += row.outputStep) {
                  sums[write] = sums[write]! + factor * input![read]!;
                }
              }
            }
          }
        }
        return store(sums, node.dtype);
      };
    },
  },
};

const spatialSize = (shape: Shape): number => sizeOf(shape.slice(2));

/**
 * The run of output elements that one tap contributes to, along one or more axes, and the input elements that it reads
 * for them.
 */
interface Reach {
  readonly output: number;
  readonly input: number;
  readonly count: number;
  readonly outputStep: number;
  readonly inputStep: number;
}

/** One position of the kernel and the rows that it contributes to. */
interface Tap {
  readonly kernel: number;
  readonly rows: readonly Reach[];
}

function tapsOf(node: GraphNode, x: Shape, w: Shape): Tap[] {
  let taps: Tap[] = [{ kernel: 0, rows: [{ output: 0, input: 0, count: 1, outputStep: 0, inputStep: 0 }] }];
  for (let axis = 0; axis < x.length - 2; axis++) {
    const [inputLength, outputLength, kernelLength] = [at(x, axis + 2), at(node.shape, axis + 2), at(w, axis + 2)];
    const reaches = Array.from({ length: kernelLength }, (_, position) =>
      reachOf(node, axis, position, inputLength, outputLength),
    );
    taps = taps.flatMap((tap) =>
      reaches.map((reach, position) => ({
        kernel: tap.kernel * kernelLength + position,
        rows: tap.rows.flatMap((row) => combine(row, reach, inputLength, outputLength)),
      })),
    );
  }
  return taps;
}

/**
 * The output elements that a kernel position contributes to along one axis. They are evenly spaced: how far apart
 * follows from the stride and the input dilation.
 */
function reachOf(node: GraphNode, axis: number, position: number, inputLength: number, outputLength: number): Reach {
  const [low] = at(pairsAttribute(node, "padding"), axis);
  const stride = at(numbersAttribute(node, "stride"), axis);
  const inputDilation = at(numbersAttribute(node, "inputDilation"), axis);
  const shift = position * at(numbersAttribute(node, "kernelDilation"), axis) - low;
  const found: (readonly [output: number, input: number])[] = [];
  for (let output = 0; output < outputLength; output++) {
    const dilated = output * stride + shift;
    const input = dilated / inputDilation;
    if (Number.isInteger(input) && input >= 0 && input < inputLength) found.push([output, input]);
  }
  const [output, input] = found[0] ?? [0, 0];
  const [nextOutput, nextInput] = found[1] ?? [output, input];
  return { output, input, count: found.length, outputStep: nextOutput - output, inputStep: nextInput - input };
}

/** Adds one more axis: each element of an outer row becomes a row along that axis. */
function combine(row: Reach, reach: Reach, inputLength: number, outputLength: number): Reach[] {
  if (reach.count === 0) return [];
  return Array.from({ length: row.count }, (_, place) => ({
    ...reach,
    output: (row.output + place * row.outputStep) * outputLength + reach.output,
    input: (row.input + place * row.inputStep) * inputLength + reach.input,
  }));
}
