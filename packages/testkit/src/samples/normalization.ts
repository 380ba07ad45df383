import { layerNorm, logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from "@ansatz/core";
import { between, exactly, indices, samplesOf, type OpSamples, type Sample } from "../sample.ts";

const rowsOf = (x: readonly number[], length: number): number[][] =>
  Array.from({ length: x.length / length }, (_, row) => x.slice(row * length, (row + 1) * length));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function logOfSum(row: readonly number[]): number {
  const largest = Math.max(...row);
  return Number.isFinite(largest)
    ? largest + Math.log(row.reduce((total, x) => total + Math.exp(x - largest), 0))
    : largest;
}

function logProbabilities(row: readonly number[]): number[] {
  const partition = logOfSum(row);
  return row.map((x) => x - partition);
}

const sums: readonly Sample[] = [
  {
    name: "rows",
    call: (x) => logSumExp(x, -1),
    inputs: [between(-3, 3, [3, 4])],
    expected: (x) => [rowsOf(x, 4).map(logOfSum)],
  },
  { name: "all", call: (x) => logSumExp(x), inputs: [between(-3, 3, [2, 3])], expected: (x) => [[logOfSum(x)]] },
  {
    name: "two axes, kept",
    call: (x) => logSumExp(x, [1, 2], { keepDims: true }),
    inputs: [between(-3, 3, [2, 2, 3])],
    expected: (x) => [rowsOf(x, 6).map(logOfSum)],
  },
  { name: "the first axis", call: (x) => logSumExp(x, 0), inputs: [between(-3, 3, [4, 2])] },
  {
    name: "equal and large",
    call: (x) => logSumExp(x, -1),
    gradient: false,
    inputs: [exactly([1000, 1000, -1000, -1e30, 0, 0], [2, 3])],
    expected: (x) => [rowsOf(x, 3).map(logOfSum)],
  },
  {
    name: "infinite",
    call: (x) => logSumExp(x, -1),
    gradient: false,
    inputs: [exactly([-Infinity, -Infinity, 0, -Infinity, Infinity, 1], [3, 2])],
    expected: (x) => [rowsOf(x, 2).map(logOfSum)],
  },
  {
    name: "nothing",
    call: (x) => logSumExp(x, -1),
    gradient: false,
    inputs: [exactly([], [2, 0])],
    expected: () => [[-Infinity, -Infinity]],
  },
  { name: "training size", call: (x) => logSumExp(x, -1), training: true, inputs: [between(-3, 3, [256, 128])] },
];

/** The samples of softmax and its logarithm. */
function distributions(call: typeof softmax, value: (row: readonly number[]) => number[]): readonly Sample[] {
  const overRows = (length: number) => (x: readonly number[]) => [rowsOf(x, length).flatMap(value)];
  return [
    { name: "rows", call: (x) => call(x), inputs: [between(-3, 3, [3, 4])], expected: overRows(4) },
    { name: "a vector", call: (x) => call(x), inputs: [between(-3, 3, [7])], expected: overRows(7) },
    {
      name: "columns",
      call: (x) => call(x, 0),
      inputs: [between(-3, 3, [4, 2])],
      expected: (x) => {
        const columns = [0, 1].map((column) => value(x.filter((_, i) => i % 2 === column)));
        return [x.map((_, i) => columns[i % 2]![Math.floor(i / 2)]!)];
      },
    },
    { name: "the middle axis", call: (x) => call(x, 1), inputs: [between(-3, 3, [2, 3, 2])] },
    { name: "one class", call: (x) => call(x), inputs: [between(-3, 3, [3, 1])], expected: overRows(1) },
    {
      name: "large logits",
      call: (x) => call(x),
      gradient: false,
      inputs: [exactly([1000, 999, -1000, -1e30, 0, 1], [2, 3])],
      expected: overRows(3),
    },
    {
      name: "NaN",
      call: (x) => call(x),
      gradient: false,
      inputs: [exactly([1, NaN, 2, 0, 1, 2], [2, 3])],
      expected: overRows(3),
    },
    { name: "training size", call: (x) => call(x), training: true, inputs: [between(-3, 3, [256, 128])] },
  ];
}

const normalized = (epsilon: number) => (x: readonly number[], weight: readonly number[], bias: readonly number[]) => [
  rowsOf(x, weight.length).flatMap((row) => {
    const centre = mean(row);
    const deviation = Math.sqrt(mean(row.map((value) => (value - centre) ** 2)) + epsilon);
    return row.map((value, i) => ((value - centre) / deviation) * weight[i]! + bias[i]!);
  }),
];

/** Composite ops over rows. */
export const normalization: readonly OpSamples[] = [
  samplesOf(softmax, ...distributions(softmax, (row) => logProbabilities(row).map(Math.exp))),
  samplesOf(logSoftmax, ...distributions(logSoftmax, logProbabilities)),
  samplesOf(logSumExp, ...sums),
  samplesOf(
    layerNorm,
    {
      name: "rows",
      call: (x, w, b) => layerNorm(x, w, b),
      inputs: [between(-2, 2, [3, 5]), between(0.5, 1.5, [5]), between(-1, 1, [5])],
      expected: normalized(1e-5),
    },
    {
      name: "three axes, another ε",
      call: (x, w, b) => layerNorm(x, w, b, { epsilon: 0.1 }),
      inputs: [between(-2, 2, [2, 2, 4]), between(0.5, 1.5, [4]), between(-1, 1, [4])],
      expected: normalized(0.1),
    },
    {
      name: "a vector",
      call: (x, w, b) => layerNorm(x, w, b),
      inputs: [between(-2, 2, [6]), between(0.5, 1.5, [6]), between(-1, 1, [6])],
      expected: normalized(1e-5),
    },
    {
      name: "training size",
      call: (x, w, b) => layerNorm(x, w, b),
      training: true,
      inputs: [between(-2, 2, [256, 128]), between(0.5, 1.5, [128]), between(-1, 1, [128])],
    },
  ),
  samplesOf(
    softmaxCrossEntropy,
    {
      name: "rows",
      call: softmaxCrossEntropy,
      inputs: [between(-3, 3, [4, 5]), indices(5, [4])],
      expected: (x, target) => [rowsOf(x, 5).map((row, i) => -logProbabilities(row)[target[i]!]!)],
    },
    {
      name: "one class",
      call: softmaxCrossEntropy,
      inputs: [between(-3, 3, [2, 1]), indices(1, [2])],
      expected: () => [[0, 0]],
    },
    {
      name: "an unlikely target",
      call: softmaxCrossEntropy,
      gradient: false,
      inputs: [exactly([1000, 0, -50, 50], [2, 2]), { ...exactly([1, 0]), dtype: "int32" }],
      expected: () => [[1000, 100]],
    },
    {
      name: "training size",
      call: softmaxCrossEntropy,
      training: true,
      inputs: [between(-3, 3, [256, 128]), indices(128, [256])],
    },
  ),
];
