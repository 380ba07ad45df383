import {
  BackendError,
  gather,
  integers,
  ones,
  raggedContraction,
  raggedMatmul,
  scatterAdd,
  scatterAddAlongAxis,
  softmaxCrossEntropy,
  takeAlongAxis,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { describe, expect, test } from "vitest";
import type { Subjects } from "../subjects.ts";

/** What reads or adds at an index of an axis of length 3. */
const ops: Readonly<Record<string, (index: Tensor) => Tensor>> = {
  gather: (index) => gather(tensor([[1, 2, 3]]), index, 1),
  scatterAdd: (index) => scatterAdd(tensor([1, 2, 3]), index, tensor([1, 1])),
  takeAlongAxis: (index) => takeAlongAxis(tensor([1, 2, 3]), index),
  scatterAddAlongAxis: (index) => scatterAddAlongAxis(tensor([1, 2, 3]), index, tensor([1, 1])),
  softmaxCrossEntropy: (index) =>
    softmaxCrossEntropy(
      tensor([
        [1, 2, 3],
        [1, 2, 3],
      ]),
      index,
    ),
};

/** Products of three rows in two groups. */
const raggedOps: Readonly<Record<string, (sizes: Tensor) => Tensor>> = {
  raggedMatmul: (sizes) => raggedMatmul(ones([3, 2]), ones([2, 2, 2]), sizes),
  raggedContraction: (sizes) => raggedContraction(ones([3, 2]), ones([3, 2]), sizes),
};

/** Indices out of range are errors, negative ones included, as in PyTorch's gather, index_select and embedding. */
export function indicesSuite(subjects: () => Subjects): void {
  describe.each(Object.entries(ops))("an index out of range in %s is an error:", (_name, op) => {
    test.each([-1, -3, -(2 ** 31), 3, 2 ** 31 - 1])("%d", async (index) => {
      await use(subjects().backend);
      const result = op(integers([0, index])).data();
      await expect(result).rejects.toThrow(BackendError);
      await expect(result).rejects.toThrow(/scatterAdd|gather|takeAlongAxis/);
      expect((await op(integers([0, 2])).data()).every(Number.isFinite)).toBe(true); // and the next step works
    });
  });

  describe.each(Object.entries(raggedOps))("groups that do not fit the rows in %s are an error:", (_name, op) => {
    test.each([
      [-1, 2],
      [4, -1],
      [-1, 4],
      [2, 2],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ])("%d and %d", async (...sizes) => {
      await use(subjects().backend);
      const result = op(integers(sizes)).data();
      await expect(result).rejects.toThrow(BackendError);
      await expect(result).rejects.toThrow(/ragged[^]*negative, and together they may not exceed the rows/);
      expect((await op(integers([1, 2])).data()).every(Number.isFinite)).toBe(true); // and the next step works
    });
  });
}
