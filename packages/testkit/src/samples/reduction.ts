import { argmax, argmin, max, min, prod, sum, type Tensor } from "@ansatz/core";
import {
  apart,
  between,
  exactly,
  floats,
  samplesOf,
  signed,
  whole,
  type OpSamples,
  type Sample,
  type SampleInput,
} from "../sample.ts";
import { positions, offsetOf } from "./positions.ts";

type Reduce = typeof sum;

/** The values of each group that is reduced, in order. */
function groups(values: readonly number[], shape: readonly number[], axes: readonly number[]): number[][] {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const result: number[][] = positions(kept).map(() => []);
  positions(shape).forEach((position, place) => {
    result[
      offsetOf(
        kept,
        position.map((index, axis) => (axes.includes(axis) ? 0 : index)),
      )
    ]!.push(values[place]!);
  });
  return result;
}

function reduced(
  call: Reduce,
  combine: (group: readonly number[]) => number,
  input: (shape: readonly number[]) => SampleInput,
  whenEmpty: readonly Sample[],
  longest = 515,
): OpSamples {
  const sample = (name: string, shape: readonly number[], axes: readonly number[], keepDims = false): Sample => ({
    name,
    inputs: [input(shape)],
    call: (x: Tensor) => call(x, axes, { keepDims }),
    expected: (x) => [groups(x, shape, axes).map(combine)],
  });
  return samplesOf(
    call,
    sample("the last axis", [3, 4], [1]),
    sample("the first axis", [3, 4], [0]),
    sample("the middle axis, kept", [2, 3, 4], [1], true),
    sample("the outer axes", [2, 3, 2], [0, 2]),
    sample("all axes", [2, 3], [0, 1]),
    sample("axes of length 1", [1, 5, 1], [0, 2]),
    sample("no axes", [3], []),
    sample("0-d", [], []),
    {
      name: "integers",
      dtypes: ["int32"],
      inputs: [whole(-5, 5, [4, 3])],
      call: (x) => call(x, 0),
      expected: (x) => [groups(x, [4, 3], [0]).map(combine)],
    },
    {
      name: "NaN and infinities",
      gradient: false,
      inputs: [exactly([1, NaN, 2, Infinity, 1, 2, -Infinity, -1, 3, NaN, Infinity, 1], [4, 3])],
      call: (x) => call(x, 1),
      expected: (x) => [groups(x, [4, 3], [1]).map(combine)],
    },
    { ...sample("training size, rows", [64, longest], [1]), training: true },
    { ...sample("training size, columns", [longest, 64], [0]), training: true },
    ...whenEmpty,
  );
}

function ofNothing(call: Reduce, value: number): Sample[] {
  return [
    {
      name: "empty groups",
      inputs: [between(0, 1, [2, 0])],
      call: (x) => call(x, 1),
      expected: () => [[value, value]],
    },
    { name: "no groups", inputs: [between(0, 1, [0, 2])], call: (x) => call(x, 1), expected: () => [[]] },
  ];
}

const add = (group: readonly number[]): number => group.reduce((a, b) => a + b, 0);
const multiply = (group: readonly number[]): number => group.reduce((a, b) => a * b, 1);
const largest = (group: readonly number[]): number => Math.max(...group);
const smallest = (group: readonly number[]): number => Math.min(...group);

function extremumPosition(call: typeof argmax, better: (a: number, b: number) => boolean): OpSamples {
  const first = (group: readonly number[]): number => {
    const nan = group.findIndex(Number.isNaN);
    return nan >= 0 ? nan : group.reduce((best, value, i) => (better(value, group[best]!) ? i : best), 0);
  };
  const sample = (name: string, input: SampleInput, axis: number, keepDims = false): Sample => ({
    name,
    gradient: false,
    inputs: [input],
    dtypes: floats,
    call: (x: Tensor) => call(x, axis, { keepDims }),
    expected: (x) => [groups(x, input.shape, [axis]).map(first)],
  });
  return samplesOf(
    call,
    sample("the last axis", apart([3, 4]), 1),
    sample("the first axis, kept", apart([3, 4]), 0, true),
    sample("the middle axis", apart([2, 3, 4]), 1),
    { ...sample("the first of equals", whole(0, 2, [6, 5]), 1), dtypes: signed },
    sample("the first NaN", exactly([1, NaN, 2, NaN, Infinity, 3, NaN, NaN, -Infinity, 1, 2, 3], [4, 3]), 1),
    sample("an axis of length 1", apart([3, 1]), 1),
    {
      name: "has no gradient and does not throw",
      inputs: [apart([2, 3])],
      call: (x) => call(x, 1),
      expected: (x) => [groups(x, [2, 3], [1]).map(first)],
    },
    { ...sample("training size", apart([64, 515]), 1), training: true },
  );
}

/** Ops that reduce axes. */
export const reductions: readonly OpSamples[] = [
  reduced(sum, add, (shape) => between(-2, 2, shape), ofNothing(sum, 0)),
  reduced(
    prod,
    multiply,
    (shape) => between(0.8, 1.25, shape),
    [
      ...ofNothing(prod, 1),
      {
        name: "with zeros",
        inputs: [exactly([2, 0, 3, 0, 0, 4, 1, 2, 3], [3, 3])],
        call: (x) => prod(x, 1),
        expected: () => [[0, 0, 6]],
      },
      // The cost of its gradient is quadratic in the length.
    ],
    67,
  ),
  reduced(max, largest, apart, ofNothing(max, 0).slice(1)),
  reduced(min, smallest, apart, ofNothing(min, 0).slice(1)),
  extremumPosition(argmax, (a, b) => a > b),
  extremumPosition(argmin, (a, b) => a < b),
];
