import {
  and,
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  not,
  notEqual,
  or,
  where,
  xor,
  type DType,
  type Shape,
  type Tensor,
} from "@ansatz/core";
import type { OpDefinition } from "@ansatz/core/plugin";
import {
  anything,
  apart,
  between,
  exactly,
  numbers,
  samplesOf,
  booleans,
  whole,
  type OpSamples,
  type Sample,
} from "../sample.ts";
import { binarySamples, extremes } from "./elementwise.ts";

type Comparison = ((a: Tensor, b: Tensor) => Tensor) & { readonly op: OpDefinition };

const few = (shape: Shape) => whole(0, 3, shape);

function comparison(
  call: Comparison,
  holds: (a: number, b: number) => boolean,
  dtypes: readonly DType[] = numbers,
): OpSamples {
  const { op, samples } = binarySamples(call, (a, b) => Number(holds(a, b)), [few, few], {
    dtypes,
    extremes,
    gradient: false,
  });
  const flat: Sample = {
    name: "has no gradient and does not throw",
    call,
    inputs: [apart([3, 4]), between(5, 6, [4])],
    expected: () => [Array.from({ length: 12 }, () => Number(holds(0, 5)))],
  };
  return { op, samples: [...samples, flat] };
}

function connective(call: Comparison, holds: (a: number, b: number) => boolean): OpSamples {
  return binarySamples(call, (a, b) => Number(holds(a, b)), [booleans, booleans], { dtypes: ["bool"] });
}

const negation = (call: typeof not, name: string, shape: Shape, more: Partial<Sample> = {}): Sample => ({
  name,
  call,
  dtypes: ["bool"],
  inputs: [booleans(shape)],
  expected: (x) => [x.map((value) => 1 - value)],
  ...more,
});

const toDType = (
  dtype: DType,
  name: string,
  inputs: Sample["inputs"],
  dtypes: readonly DType[],
  convert: (x: number) => number,
  more: Partial<Sample> = {},
): Sample => ({
  name: `to ${dtype}: ${name}`,
  call: (x) => cast(x, dtype),
  inputs,
  dtypes,
  expected: (x) => [x.map(convert)],
  ...more,
});

const same = (x: number): number => x;

/** Comparisons, logic, and ops that select or convert. */
export const logic: readonly OpSamples[] = [
  comparison(equal, (a, b) => a === b),
  comparison(notEqual, (a, b) => a !== b),
  comparison(less, (a, b) => a < b),
  comparison(lessEqual, (a, b) => a <= b),
  comparison(greater, (a, b) => a > b),
  comparison(greaterEqual, (a, b) => a >= b),
  connective(and, (a, b) => a === 1 && b === 1),
  connective(or, (a, b) => a === 1 || b === 1),
  connective(xor, (a, b) => a !== b),
  samplesOf(
    not,
    negation(not, "a matrix", [3, 4]),
    negation(not, "0-d", []),
    negation(not, "empty", [0]),
    negation(not, "training size", [64, 515], { training: true }),
  ),
  samplesOf(
    where,
    {
      name: "equal shapes",
      call: where,
      dtypes: anything,
      inputs: [booleans([12]), whole(0, 1, [12]), whole(0, 1, [12])],
      expected: (condition, a, b) => [condition.map((chosen, i) => (chosen ? a[i]! : b[i]!))],
    },
    {
      name: "all three broadcast",
      call: where,
      inputs: [booleans([3, 1, 1]), apart([4, 1]), apart([5])],
      expected: (c, a, b) => [c.flatMap((chosen) => a.flatMap((x) => b.map((y) => (chosen ? x : y))))],
    },
    {
      name: "0-d",
      call: where,
      inputs: [booleans([]), apart([]), between(1, 2, [])],
      expected: (c, a, b) => [c[0] ? a : b],
    },
    {
      name: "NaN in the side that is not chosen has no effect",
      call: where,
      gradient: false,
      inputs: [{ ...exactly([1, 0]), dtype: "bool" }, exactly([1, NaN]), exactly([Infinity, 2])],
      expected: () => [[1, 2]],
    },
    {
      name: "training size",
      call: where,
      training: true,
      inputs: [booleans([64, 515]), apart([64, 515]), apart([515])],
    },
  ),
  samplesOf(
    cast,
    toDType("float32", "from anything", [whole(0, 1, [3, 4])], anything, same, { gradient: false }),
    toDType(
      "int32",
      "fractions are cut off",
      [exactly([1.7, -1.7, 0.5, -0.5, 2, 1e6])],
      ["float32", "float64"],
      Math.trunc,
      { gradient: false },
    ),
    toDType(
      "int32",
      "too large, and NaN",
      [exactly([1e20, -1e20, NaN, Infinity, -Infinity])],
      ["float32", "float64"],
      (x) => (Number.isNaN(x) ? 0 : x > 0 ? 2147483647 : -2147483648),
      { gradient: false },
    ),
    toDType(
      "uint32",
      "too large, negative, and NaN",
      [exactly([1e20, -5, NaN, 3.9])],
      ["float32", "float64"],
      (x) => (x > 0 ? Math.min(Math.trunc(x), 4294967295) : 0),
      { gradient: false },
    ),
    toDType(
      "bool",
      "anything but 0 is true",
      [exactly([0, -0, 0.25, -3, NaN])],
      ["float32", "float64"],
      (x) => Number(x !== 0),
      { gradient: false },
    ),
    toDType("bool", "integers", [exactly([0, 1, 2, 0])], numbers, (x) => Number(x !== 0), { gradient: false }),
    toDType("float32", "0-d", [whole(1, 9, [])], numbers, same, { gradient: false }),
    toDType("int32", "training size", [between(-9, 9, [64, 515])], ["float32"], Math.trunc, {
      training: true,
      gradient: false,
    }),
  ),
];
