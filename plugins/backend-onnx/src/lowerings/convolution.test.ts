import { expect, test } from "vitest";
import { onnx } from "../index.ts";
import { f32, runOp } from "../testing.ts";

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
