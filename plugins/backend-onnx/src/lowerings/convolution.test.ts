import { convolution, grad, iota, mul, sum, type Tensor } from "@ansatz/core";
import { sizeOf, traceGraph } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";
import { evaluate, f32, mismatches, runOp, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const line = f32([1, 1, 4], [1, 2, 3, 4]);
const plain = { stride: [1], padding: [[0, 0]], inputDilation: [1], kernelDilation: [1], groups: 1 };

async function along(
  attributes: Partial<typeof plain>,
  length: number,
  kernel = [1, 10],
): Promise<readonly number[] | undefined> {
  const w = f32([1, 1, kernel.length], kernel);
  return (
    await runOp(
      backend,
      "convolution",
      [line, w],
      { ...plain, ...attributes },
      { shape: [1, 1, length], dtype: "float32" },
    )
  )[0];
}

test("it is a cross-correlation: the kernel is not flipped", async () => {
  expect(await along({}, 3)).toEqual([21, 32, 43]);
});
test("stride, and padding that differs by side", async () => {
  expect(await along({ stride: [2], padding: [[1, 0]] }, 2)).toEqual([10, 32]);
});
test("negative padding crops", async () => {
  expect(await along({ padding: [[-1, 1]] }, 3)).toEqual([32, 43, 4]);
  expect(await along({ padding: [[0, -1]] }, 2)).toEqual([21, 32]);
});
test("dilation of the input and of the kernel", async () => {
  expect(await along({ inputDilation: [2] }, 6)).toEqual([1, 20, 2, 30, 3, 40]);
  expect(await along({ inputDilation: [2], padding: [[-1, -1]] }, 4)).toEqual([20, 2, 30, 3]);
  expect(await along({ kernelDilation: [2] }, 2)).toEqual([31, 42]);
});
test("groups, and two axes", async () => {
  const x = f32([1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const w = f32([2, 1, 1, 2], [1, 1, 1, -1]);
  const attributes = {
    stride: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
    inputDilation: [1, 1],
    kernelDilation: [1, 1],
    groups: 2,
  };
  expect(await runOp(backend, "convolution", [x, w], attributes, { shape: [1, 2, 2, 1], dtype: "float32" })).toEqual([
    [3, 7, -1, -1],
  ]);
});
test("three axes", async () => {
  const x = f32([1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const attributes = {
    stride: [1, 1, 1],
    padding: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    inputDilation: [1, 1, 1],
    kernelDilation: [1, 1, 1],
    groups: 1,
  };
  const w = f32([1, 1, 2, 2, 2], [1, 1, 1, 1, 1, 1, 1, 1]);
  expect(await runOp(backend, "convolution", [x, w], attributes, { shape: [1, 1, 1, 1, 1], dtype: "float32" })).toEqual(
    [[36]],
  );
});

/** Numbers without a pattern. */
function values(shape: readonly number[], seed: number): Value {
  return f32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(7 * i + seed)),
  );
}

// A convolution is linear in its input x, so Σ g ∘ y is Σ x ∘ (the gradient of x by Σ g ∘ y).
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
  const [x, w] = [values(shape, 1), values(kernel, 2)];
  const types = [x, w].map((value) => ({ shape: value.shape, dtype: "float32" as const }));
  const step = (x: Tensor, w: Tensor) => {
    const y = convolution(x, w, options);
    const total = sum(mul(y, iota(sizeOf(y.shape)).reshape(y.shape).sin()));
    return [total, grad(total, x)];
  };
  const { graph } = traceGraph(step, types, backend);
  const [total, slope] = await evaluate(backend, graph, [x, w]);
  expect(mismatches([[...slope!].reduce((all, own, i) => all + own * x.data[i]!, 0)], [total![0]!])).toEqual([]);
  const ops = new TextDecoder("latin1").decode(buildModel(graph, graph.outputs).bytes);
  expect(ops.includes("ConvTranspose")).toBe(transposed);
});
