import { expect, test } from "vitest";
import { productOperations } from "./product-operations.ts";

test.each([
  ["Gemm", [[5, 3], [3, 7], [7]], [5, 7], 2 * 5 * 3 * 7],
  [
    "Gemm",
    [
      [3, 5],
      [7, 3],
    ],
    [5, 7],
    2 * 5 * 3 * 7,
  ], // both transposed
  [
    "MatMul",
    [
      [2, 4, 5, 3],
      [2, 4, 3, 7],
    ],
    [2, 4, 5, 7],
    8 * 2 * 5 * 3 * 7,
  ],
  [
    "FusedMatMul",
    [
      [6, 5, 3],
      [3, 7],
    ],
    [6, 5, 7],
    6 * 2 * 5 * 3 * 7,
  ], // one matrix for all of the batch
  ["MatMul", [[3], [3, 7]], [7], 2 * 3 * 7],
  ["MatMul", [[5, 3], [3]], [5], 2 * 5 * 3],
  [
    "Conv",
    [
      [2, 4, 9, 9],
      [8, 4, 3, 3],
    ],
    [2, 8, 7, 7],
    2 * (2 * 8 * 7 * 7) * (4 * 3 * 3),
  ],
  [
    "Conv",
    [
      [2, 4, 9, 9],
      [4, 1, 3, 3],
    ],
    [2, 4, 7, 7],
    2 * (2 * 4 * 7 * 7) * (3 * 3),
  ], // a group for each channel
  [
    "ConvTranspose",
    [
      [2, 8, 7, 7],
      [8, 4, 3, 3],
    ],
    [2, 4, 9, 9],
    2 * (2 * 8 * 7 * 7) * (4 * 3 * 3),
  ],
  ["Softmax", [[5, 3]], [5, 3], 0],
  [
    "Add",
    [
      [5, 3],
      [5, 3],
    ],
    [5, 3],
    0,
  ],
] as const)("%s of %j to %j has %i operations", (kernel, inputs, output, expected) => {
  expect(productOperations(kernel, inputs, output)).toBeCloseTo(expected, 6);
});
