import { matmul } from "@ansatz/core";
import { between, exactly, samplesOf, whole, type OpSamples, type Sample } from "../sample.ts";
import { fill, reader } from "./positions.ts";

const matrix = (m: number, k: number, n: number) => (a: readonly number[], b: readonly number[]) => {
  const [left, right] = [reader(a, [m, k]), reader(b, [k, n])];
  return [
    fill([m, n], ([i, j]) =>
      Array.from({ length: k }, (_, step) => left(i!, step) * right(step, j!)).reduce((x, y) => x + y, 0),
    ),
  ];
};

const sample = (name: string, m: number, k: number, n: number, more: Partial<Sample> = {}): Sample => ({
  name,
  call: matmul,
  inputs: [between(-1, 1, [m, k]), between(-1, 1, [k, n])],
  expected: matrix(m, k, n),
  ...more,
});

/** Matrix products. Another suite tests every combination of transposes and batches. */
export const products: readonly OpSamples[] = [
  samplesOf(
    matmul,
    sample("matrices", 3, 4, 5),
    sample("one by one", 1, 1, 1),
    sample("an inner length past 48", 3, 97, 2),
    sample("integers", 3, 4, 2, { dtypes: ["int32"], inputs: [whole(-9, 9, [3, 4]), whole(-9, 9, [4, 2])] }),
    sample("nothing inside", 2, 0, 3),
    sample("no rows", 0, 3, 2),
    sample("NaN and infinities meet zeros", 2, 2, 2, {
      gradient: false,
      inputs: [exactly([0, 1, 1, 0], [2, 2]), exactly([NaN, Infinity, 1, 2], [2, 2])],
    }),
    {
      name: "two vectors",
      call: matmul,
      inputs: [between(-1, 1, [5]), between(-1, 1, [5])],
      expected: matrix(1, 5, 1),
    },
    {
      name: "a vector on the right",
      call: matmul,
      inputs: [between(-1, 1, [3, 5]), between(-1, 1, [5])],
      expected: matrix(3, 5, 1),
    },
    {
      name: "a batch times one matrix",
      call: matmul,
      inputs: [between(-1, 1, [2, 3, 4]), between(-1, 1, [4, 2])],
      expected: matrix(6, 4, 2),
    },
    {
      name: "batches that broadcast, with gradient",
      call: matmul,
      inputs: [between(-1, 1, [2, 1, 3, 4]), between(-1, 1, [3, 4, 2])],
    },
    {
      name: "training size",
      call: matmul,
      training: true,
      inputs: [between(-1, 1, [256, 128]), between(-1, 1, [128, 384])],
    },
    {
      name: "training size, in batches",
      call: matmul,
      training: true,
      inputs: [between(-1, 1, [8, 64, 32]), between(-1, 1, [8, 32, 64])],
    },
  ),
];
