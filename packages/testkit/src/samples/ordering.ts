import { cumsum, sort, topK, type Tensor } from "@ansatz/core";
import { apart, between, exactly, samplesOf, signed, whole, type OpSamples } from "../sample.ts";

const rank = (x: number): number => (Number.isNaN(x) ? 1 : 0);
const compare = (a: number, b: number): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);

/** Positions in sorted order. Equal values keep their order, and NaN counts as larger than every number. */
function orderOf(values: readonly number[], descending: boolean): number[] {
  return values.map((_, i) => i).toSorted((i, j) => (descending ? -1 : 1) * compare(values[i]!, values[j]!) || i - j);
}

function sorted(x: readonly number[], length: number, kept: number, descending: boolean): number[][] {
  const rows = Array.from({ length: x.length / length }, (_, row) => x.slice(row * length, (row + 1) * length));
  const orders = rows.map((row) => orderOf(row, descending).slice(0, kept));
  return [orders.flatMap((order, row) => order.map((i) => rows[row]![i]!)), orders.flat()];
}

const both = ({ values, indices }: { values: Tensor; indices: Tensor }): readonly Tensor[] => [values, indices];
const special = [2, NaN, 1, 2, -Infinity, 1, Infinity, NaN, 0, -1];

/** Ops that sort, and running sums. */
export const ordering: readonly OpSamples[] = [
  samplesOf(
    sort,
    { name: "rows", inputs: [apart([3, 5])], call: (x) => both(sort(x)), expected: (x) => sorted(x, 5, 5, false) },
    {
      name: "descending",
      inputs: [apart([3, 5])],
      call: (x) => both(sort(x, { descending: true })),
      expected: (x) => sorted(x, 5, 5, true),
    },
    {
      name: "equal values keep their order",
      dtypes: signed,
      gradient: false,
      inputs: [whole(0, 2, [2, 9])],
      call: (x) => both(sort(x)),
      expected: (x) => sorted(x, 9, 9, false),
    },
    {
      name: "equal values keep their order, descending",
      dtypes: signed,
      gradient: false,
      inputs: [whole(0, 2, [2, 9])],
      call: (x) => both(sort(x, { descending: true })),
      expected: (x) => sorted(x, 9, 9, true),
    },
    {
      name: "NaN is largest",
      gradient: false,
      inputs: [exactly(special)],
      call: (x) => both(sort(x)),
      expected: (x) => sorted(x, 10, 10, false),
    },
    {
      name: "NaN is largest, descending",
      gradient: false,
      inputs: [exactly(special)],
      call: (x) => both(sort(x, { descending: true })),
      expected: (x) => sorted(x, 10, 10, true),
    },
    { name: "another axis", inputs: [apart([4, 2])], call: (x) => sort(x, { axis: 0 }).values },
    { name: "a single element", inputs: [apart([1])], call: (x) => both(sort(x)), expected: (x) => [x, [0]] },
    { name: "training size", training: true, inputs: [apart([64, 515])], call: (x) => both(sort(x)) },
  ),
  samplesOf(
    topK,
    { name: "rows", inputs: [apart([3, 5])], call: (x) => both(topK(x, 2)), expected: (x) => sorted(x, 5, 2, true) },
    {
      name: "all elements",
      inputs: [apart([4])],
      call: (x) => both(topK(x, 4)),
      expected: (x) => sorted(x, 4, 4, true),
    },
    {
      name: "the first of equal values",
      dtypes: signed,
      gradient: false,
      inputs: [whole(0, 2, [2, 9])],
      call: (x) => both(topK(x, 4)),
      expected: (x) => sorted(x, 9, 4, true),
    },
    {
      name: "NaN is largest",
      gradient: false,
      inputs: [exactly(special)],
      call: (x) => both(topK(x, 5)),
      expected: (x) => sorted(x, 10, 5, true),
    },
    { name: "training size", training: true, inputs: [apart([64, 515])], call: (x) => both(topK(x, 10)) },
  ),
  samplesOf(
    cumsum,
    {
      name: "the last axis",
      inputs: [between(-1, 1, [2, 3])],
      call: (x) => cumsum(x),
      expected: (x) => [x.map((_, i) => x.slice(i - (i % 3), i + 1).reduce((a, b) => a + b))],
    },
    {
      name: "the first axis",
      inputs: [between(-1, 1, [3, 2])],
      call: (x) => cumsum(x, 0),
      expected: (x) => [
        x.map((_, i) =>
          x
            .slice(0, i + 1)
            .filter((_own, j) => j % 2 === i % 2)
            .reduce((a, b) => a + b),
        ),
      ],
    },
    {
      name: "integers",
      dtypes: ["int32"],
      inputs: [whole(-9, 9, [7])],
      call: (x) => cumsum(x),
      expected: (x) => [x.map((_, i) => x.slice(0, i + 1).reduce((a, b) => a + b))],
    },
    {
      name: "NaN after the first NaN",
      gradient: false,
      inputs: [exactly([1, NaN, 2])],
      call: (x) => cumsum(x),
      expected: () => [[1, NaN, NaN]],
    },
    { name: "empty", inputs: [between(0, 1, [0, 2])], call: (x) => cumsum(x, 0), expected: () => [[]] },
    { name: "training size", training: true, inputs: [between(-1, 1, [64, 515])], call: (x) => cumsum(x) },
  ),
];
