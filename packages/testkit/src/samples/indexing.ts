import { dynamicSlice, dynamicUpdateSlice, gather, scatterAdd, scatterAddAlongAxis, takeAlongAxis } from "@ansatz/core";
import { anything, between, exactly, indices, samplesOf, whole, type OpSamples, type SampleInput } from "../sample.ts";
import { fill, offsetOf, positions, reader } from "./positions.ts";

const starts = (...values: number[]): SampleInput => ({ ...exactly(values), dtype: "int32" });
/** Many updates to few places, which an engine may apply in any order. */
const duplicates = (length: number, shape: readonly number[]): SampleInput => indices(length, shape);

/** Ops that read or add at positions that are known at run time. */
export const indexing: readonly OpSamples[] = [
  samplesOf(
    gather,
    {
      name: "rows",
      dtypes: anything,
      gradient: false,
      inputs: [whole(0, 1, [5, 3]), indices(5, [4])],
      call: (x, i) => gather(x, i),
      expected: (x, i) => [i.flatMap((row) => x.slice(3 * row, 3 * row + 3))],
    },
    {
      name: "rows, with gradient",
      inputs: [between(-1, 1, [4, 3]), duplicates(4, [2, 3])],
      call: (x, i) => gather(x, i),
      expected: (x, i) => [i.flatMap((row) => x.slice(3 * row, 3 * row + 3))],
    },
    {
      name: "columns",
      inputs: [between(-1, 1, [3, 4]), duplicates(4, [5])],
      call: (x, i) => gather(x, i, 1),
      expected: (x, i) => [fill([3, 5], ([row, place]) => reader(x, [3, 4])(row!, i[place!]!))],
    },
    {
      name: "a single index",
      inputs: [between(-1, 1, [4, 2]), indices(4, [])],
      call: (x, i) => gather(x, i),
      expected: (x, [row]) => [x.slice(2 * row!, 2 * row! + 2)],
    },
    {
      name: "no indices",
      inputs: [between(-1, 1, [4, 2]), indices(4, [0])],
      call: (x, i) => gather(x, i),
      expected: () => [[]],
    },
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [300, 64]), duplicates(300, [16, 64])],
      call: (x, i) => gather(x, i),
    },
  ),
  samplesOf(
    scatterAdd,
    {
      name: "rows, some more than once",
      inputs: [between(-1, 1, [3, 2]), { ...exactly([2, 0, 2, 2]), dtype: "int32" }, between(-1, 1, [4, 2])],
      call: (base, i, updates) => scatterAdd(base, i, updates),
      expected: (base, i, updates) => {
        const result = [...base];
        updates.forEach((value, place) => (result[i[place >> 1]! * 2 + (place & 1)]! += value));
        return [result];
      },
    },
    {
      name: "columns",
      inputs: [between(-1, 1, [2, 3]), { ...exactly([1, 1, 0]), dtype: "int32" }, between(-1, 1, [2, 3])],
      call: (base, i, updates) => scatterAdd(base, i, updates, 1),
      expected: (base, i, updates) => {
        const result = [...base];
        updates.forEach((value, place) => (result[Math.floor(place / 3) * 3 + i[place % 3]!]! += value));
        return [result];
      },
    },
    {
      name: "no updates",
      inputs: [between(-1, 1, [3, 2]), indices(3, [0]), between(-1, 1, [0, 2])],
      call: (base, i, updates) => scatterAdd(base, i, updates),
      expected: (base) => [base],
    },
    {
      name: "training size, many duplicates",
      training: true,
      inputs: [between(-1, 1, [50, 64]), duplicates(50, [1024]), between(-1, 1, [1024, 64])],
      call: (base, i, updates) => scatterAdd(base, i, updates),
    },
  ),
  samplesOf(
    takeAlongAxis,
    {
      name: "the last axis",
      inputs: [between(-1, 1, [3, 4]), indices(4, [3, 2])],
      call: (x, i) => takeAlongAxis(x, i),
      expected: (x, i) => [fill([3, 2], ([row, place]) => x[4 * row! + i[2 * row! + place!]!]!)],
    },
    {
      name: "the first axis",
      dtypes: anything,
      gradient: false,
      inputs: [whole(0, 1, [3, 4]), indices(3, [2, 4])],
      call: (x, i) => takeAlongAxis(x, i, 0),
      expected: (x, i) => [i.map((row, place) => x[4 * row + (place % 4)]!)],
    },
    {
      name: "no indices",
      inputs: [between(-1, 1, [3, 4]), indices(4, [3, 0])],
      call: (x, i) => takeAlongAxis(x, i),
      expected: () => [[]],
    },
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [512, 64]), indices(64, [512, 1])],
      call: (x, i) => takeAlongAxis(x, i),
    },
  ),
  samplesOf(
    scatterAddAlongAxis,
    {
      name: "the last axis, duplicates",
      inputs: [
        between(-1, 1, [2, 3]),
        { ...exactly([1, 1, 1, 0, 2, 2, 0, 0], [2, 4]), dtype: "int32" },
        between(-1, 1, [2, 4]),
      ],
      call: (base, i, updates) => scatterAddAlongAxis(base, i, updates),
      expected: (base, i, updates) => {
        const result = [...base];
        updates.forEach((value, place) => (result[Math.floor(place / 4) * 3 + i[place]!]! += value));
        return [result];
      },
    },
    {
      name: "the first axis",
      inputs: [between(-1, 1, [3, 2]), { ...exactly([2, 0, 2, 1], [2, 2]), dtype: "int32" }, between(-1, 1, [2, 2])],
      call: (base, i, updates) => scatterAddAlongAxis(base, i, updates, 0),
      expected: (base, i, updates) => {
        const result = [...base];
        updates.forEach((value, place) => (result[i[place]! * 2 + (place % 2)]! += value));
        return [result];
      },
    },
    {
      name: "training size, many duplicates",
      training: true,
      inputs: [between(-1, 1, [64, 50]), duplicates(50, [64, 500]), between(-1, 1, [64, 500])],
      call: (base, i, updates) => scatterAddAlongAxis(base, i, updates),
    },
  ),
  samplesOf(
    dynamicSlice,
    {
      name: "inside",
      dtypes: anything,
      gradient: false,
      inputs: [whole(0, 1, [4, 5]), starts(1, 2)],
      call: (x, at) => dynamicSlice(x, at, [2, 3]),
      expected: (x) => [fill([2, 3], ([i, j]) => x[5 * (i! + 1) + j! + 2]!)],
    },
    {
      name: "clamped so that it fits",
      inputs: [between(-1, 1, [4, 5]), starts(9, -3)],
      call: (x, at) => dynamicSlice(x, at, [2, 3]),
      expected: (x) => [fill([2, 3], ([i, j]) => x[5 * (i! + 2) + j!]!)],
    },
    {
      name: "one axis",
      inputs: [between(-1, 1, [6]), starts(2)],
      call: (x, at) => dynamicSlice(x, at, [3]),
      expected: (x) => [x.slice(2, 5)],
    },
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [64, 515]), starts(7, 11)],
      call: (x, at) => dynamicSlice(x, at, [40, 400]),
    },
  ),
  samplesOf(
    dynamicUpdateSlice,
    ...(
      [
        ["inside", 1, 2, 1, 2],
        ["moved so that it fits", 9, -3, 2, 0],
      ] as const
    ).map(([name, first, second, row, column]) => ({
      name,
      inputs: [between(-1, 1, [4, 5]), between(2, 3, [2, 3]), starts(first, second)],
      call: dynamicUpdateSlice,
      expected: (x: readonly number[], update: readonly number[]) => {
        const result = [...x];
        for (const [i, j] of positions([2, 3]))
          result[offsetOf([4, 5], [i! + row, j! + column])] = update[3 * i! + j!]!;
        return [result];
      },
    })),
    {
      name: "every dtype",
      dtypes: anything,
      gradient: false,
      inputs: [whole(0, 1, [5]), whole(0, 1, [2]), starts(3)],
      call: dynamicUpdateSlice,
      expected: (x, update) => [[...x.slice(0, 3), ...update]],
    },
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [64, 515]), between(2, 3, [40, 400]), starts(7, 11)],
      call: dynamicUpdateSlice,
    },
  ),
];
