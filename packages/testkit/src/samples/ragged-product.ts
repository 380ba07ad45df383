import { raggedContraction, raggedMatmul } from "@ansatz/core";
import { between, exactly, samplesOf, type OpSamples, type Sample, type SampleInput } from "../sample.ts";
import { fill, reader } from "./positions.ts";

const sizesOf = (...sizes: number[]): SampleInput => ({ ...exactly(sizes), dtype: "int32" });

/** The group of each row; undefined for a row of none. */
const groupOf = (sizes: readonly number[]) => {
  const groups = sizes.flatMap((size, group) => Array.from({ length: size }, () => group));
  return (row: number): number | undefined => groups[row];
};

const [inner, columns] = [3, 4];

const product = (name: string, rows: number, sizes: readonly number[]): Sample => ({
  name,
  inputs: [between(-1, 1, [rows, inner]), between(-1, 1, [sizes.length, inner, columns]), sizesOf(...sizes)],
  call: (x, matrices, of) => raggedMatmul(x, matrices, of),
  expected: (x, matrices) => {
    const [row, matrix] = [reader(x, [rows, inner]), reader(matrices, [sizes.length, inner, columns])];
    return [
      fill([rows, columns], ([r, c]) => {
        const group = groupOf(sizes)(r!);
        if (group === undefined) return 0;
        return Array.from({ length: inner }, (_, i) => row(r!, i) * matrix(group, i, c!)).reduce((a, b) => a + b);
      }),
    ];
  },
});

const contraction = (name: string, rows: number, sizes: readonly number[]): Sample => ({
  name,
  inputs: [between(-1, 1, [rows, inner]), between(-1, 1, [rows, columns]), sizesOf(...sizes)],
  call: (a, b, of) => raggedContraction(a, b, of),
  expected: (a, b) => {
    const [left, right] = [reader(a, [rows, inner]), reader(b, [rows, columns])];
    return [
      fill([sizes.length, inner, columns], ([group, i, c]) =>
        Array.from({ length: rows }, (_, r) => (groupOf(sizes)(r) === group ? left(r, i!) * right(r, c!) : 0)).reduce(
          (x, y) => x + y,
          0,
        ),
      ),
    ];
  },
});

/** Products of groups of rows. */
export const raggedProducts: readonly OpSamples[] = [
  samplesOf(
    raggedMatmul,
    product("groups of several sizes", 6, [1, 3, 2]),
    product("empty groups first, between and last", 5, [0, 2, 0, 3, 0]),
    product("rows of no group", 5, [1, 2]),
    product("one group", 4, [4]),
    product("only empty groups", 3, [0, 0]),
    product("no rows", 0, [0, 0]),
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [512, 64]), between(-1, 1, [4, 64, 128]), sizesOf(200, 0, 300, 12)],
      call: (x, matrices, of) => raggedMatmul(x, matrices, of),
    },
  ),
  samplesOf(
    raggedContraction,
    contraction("groups of several sizes", 6, [1, 3, 2]),
    contraction("empty groups first, between and last", 5, [0, 2, 0, 3, 0]),
    contraction("rows of no group", 5, [1, 2]),
    contraction("only empty groups", 3, [0, 0]),
    contraction("no rows", 0, [0, 0]),
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [512, 64]), between(-1, 1, [512, 128]), sizesOf(200, 0, 300, 12)],
      call: (a, b, of) => raggedContraction(a, b, of),
    },
  ),
];
