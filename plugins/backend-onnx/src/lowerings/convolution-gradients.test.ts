import { convolution, grad, iota, mul, sum, type ConvolutionOptions, type Tensor } from "@ansatz/core";
import { sizeOf, traceGraph } from "@ansatz/core/plugin";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto } from "onnx-buf";
import { expect, test } from "vitest";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";
import { evaluate, f32, mismatches, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });

/** Numbers without a pattern. */
function values(shape: readonly number[], seed: number): Value {
  return f32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(7 * i + seed)),
  );
}

/**
 * Expects the gradient of Σ g ∘ y by the input or by the kernel, in which a convolution y is linear, so that Σ g ∘ y is
 * also the sum of that operand times its gradient. Returns the nodes of the model.
 */
async function expectGradient(
  of: 0 | 1,
  shapes: readonly [readonly number[], readonly number[]],
  options: ConvolutionOptions,
): Promise<readonly NodeProto[]> {
  const operands = shapes.map((shape, i) => values(shape, i + 1));
  const types = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const step = (...own: Tensor[]) => {
    const y = convolution(own[0]!, own[1]!, options);
    const total = sum(mul(y, iota(sizeOf(y.shape)).reshape(y.shape).sin()));
    return [total, grad(total, own[of]!)];
  };
  const { graph } = traceGraph(step, types, backend);
  const [total, slope] = await evaluate(backend, graph, operands);
  const found = [...slope!].reduce((all, own, i) => all + own * operands[of]!.data[i]!, 0);
  expect(mismatches([found], [total![0]!])).toEqual([]);
  return fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs).bytes).graph!.node;
}

test.each([
  ["a square", [2, 3, 6, 5], [4, 3, 3, 2], {}, true],
  ["padding, and steps that leave a rest", [2, 3, 8, 7], [4, 3, 3, 3], { padding: 1, stride: [2, 3] }, true],
  ["a kernel with gaps", [1, 2, 9, 9], [3, 2, 3, 2], { kernelDilation: 2 }, true],
  ["groups", [2, 4, 6, 6], [6, 2, 3, 3], { groups: 2 }, true],
  ["one axis", [2, 3, 9], [4, 3, 3], { stride: 2 }, true],
  ["three axes", [1, 2, 4, 5, 4], [2, 2, 2, 2, 3], {}, true],
  ["an input with gaps", [1, 2, 5, 5], [3, 2, 3, 3], { inputDilation: 2 }, false],
  [
    "cropping",
    [1, 2, 8, 8],
    [3, 2, 2, 2],
    {
      padding: [
        [-1, 0],
        [0, 0],
      ] as [number, number][],
    },
    false,
  ],
  ["padding wider than the kernel", [1, 2, 4, 4], [3, 2, 2, 2], { padding: 2 }, true],
] as const)("the gradient of an input: %s", async (_name, shape, kernel, options, transposed) => {
  const nodes = await expectGradient(0, [shape, kernel], options);
  expect(nodes.some(({ opType }) => opType === "ConvTranspose")).toBe(transposed);
});

test.each([
  ["a square", [2, 3, 6, 5], [4, 3, 3, 2], {}, true],
  ["padding, and steps that leave a rest", [2, 3, 18, 17], [4, 3, 3, 3], { padding: 1, stride: [2, 3] }, true],
  ["a kernel with gaps along its columns", [2, 2, 12, 12], [3, 2, 3, 2], { kernelDilation: [1, 2] }, false],
  ["a kernel with gaps along its rows", [2, 2, 12, 12], [3, 2, 3, 2], { kernelDilation: [2, 1] }, true],
  ["an input with gaps", [1, 2, 7, 7], [3, 2, 3, 3], { inputDilation: 2 }, true],
  ["one axis", [2, 3, 80], [4, 3, 3], { stride: 2 }, true],
  ["three axes", [1, 2, 4, 5, 6], [2, 2, 2, 2, 2], {}, true],
  [
    "cropping",
    [1, 2, 8, 8],
    [3, 2, 2, 2],
    {
      padding: [
        [-1, 0],
        [0, 2],
      ] as [number, number][],
    },
    true,
  ],
  ["groups", [2, 4, 9, 9], [6, 2, 3, 3], { groups: 2 }, false],
  ["one channel", [2, 1, 9, 9], [6, 1, 3, 3], {}, false],
  ["a small image", [2, 3, 5, 5], [4, 3, 3, 3], {}, false],
] as const)("the gradient of a kernel: %s", async (_name, shape, kernel, options, inColumns) => {
  const nodes = await expectGradient(1, [shape, kernel], options);
  const last = nodes.findLast(({ opType }) => opType === "Conv")!;
  const { stride = 1 } = options as { stride?: number | readonly number[] };
  const step = typeof stride === "number" ? stride : stride.at(-1)!;
  const distance = last.attribute.find(({ name }) => name === "dilations")!.ints.at(-1);
  expect(Number(distance)).toBe(inColumns ? shape[1] * step : step);
});
