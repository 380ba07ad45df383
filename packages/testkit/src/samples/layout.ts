import {
  broadcastTo,
  concat,
  flip,
  pad,
  reshape,
  slice,
  transpose,
  type Shape,
  type SliceRange,
  type Tensor,
} from "@ansatz/core";
import type { OpDefinition } from "@ansatz/core/plugin";
import { anything, between, samplesOf, whole, type OpSamples, type Sample } from "../sample.ts";
import { fill, reader } from "./positions.ts";

interface Move {
  readonly name: string;
  readonly shape: Shape;
  readonly result: Shape;
  readonly call: (x: Tensor) => Tensor;
  /** The position of the input that a position of the result reads, or a number if it reads none. */
  readonly from: (position: readonly number[]) => readonly number[] | number;
}

/** The samples of an op that only moves values: zeros and ones of every dtype, and gradients. */
function moves(
  op: { readonly op: OpDefinition },
  list: readonly Move[],
  large: { readonly shape: Shape; readonly call: (x: Tensor) => Tensor },
): OpSamples {
  const samples = list.flatMap(({ name, shape, result, call, from }): Sample[] => {
    const expected = (x: readonly number[]) => {
      const read = reader(x, shape);
      return [
        fill(result, (position) => {
          const source = from(position);
          return typeof source === "number" ? source : read(...source);
        }),
      ];
    };
    return [
      { name, inputs: [whole(0, 1, shape)], call, expected, dtypes: anything, gradient: false },
      { name: `${name}, with gradient`, inputs: [between(-1, 1, shape)], call, expected },
    ];
  });
  return samplesOf(op, ...samples, {
    name: "training size",
    inputs: [between(-1, 1, large.shape)],
    call: large.call,
    training: true,
  });
}

const sliced = (
  name: string,
  shape: Shape,
  ranges: readonly SliceRange[],
  result: Shape,
  from: Move["from"],
): Move => ({ name, shape, result, call: (x) => slice(x, ranges), from });

const axes = (position: readonly number[]) => position as readonly [number, number, number];

/** Ops that move values without changing them. */
export const layout: readonly OpSamples[] = [
  moves(
    reshape,
    [
      {
        name: "rows become columns",
        shape: [3, 4],
        result: [2, 6],
        call: (x) => reshape(x, [2, -1]),
        from: ([i, j]) => [Math.floor((i! * 6 + j!) / 4), (i! * 6 + j!) % 4],
      },
      { name: "to 0-d", shape: [1, 1], result: [], call: (x) => reshape(x, []), from: () => [0, 0] },
      { name: "from 0-d", shape: [], result: [1, 1], call: (x) => reshape(x, [1, 1]), from: () => [] },
      { name: "empty", shape: [0, 3], result: [3, 0], call: (x) => reshape(x, [3, 0]), from: () => [] },
    ],
    { shape: [64, 515], call: (x) => reshape(x, [515, 64]) },
  ),
  moves(
    transpose,
    [
      { name: "a matrix", shape: [3, 4], result: [4, 3], call: (x) => transpose(x), from: ([i, j]) => [j!, i!] },
      {
        name: "three axes rotated",
        shape: [2, 3, 4],
        result: [4, 2, 3],
        call: (x) => transpose(x, [2, 0, 1]),
        from: (p) => [axes(p)[1], axes(p)[2], axes(p)[0]],
      },
      {
        name: "heads",
        shape: [2, 3, 2, 2],
        result: [2, 2, 3, 2],
        call: (x) => transpose(x, [0, 2, 1, 3]),
        from: ([a, b, c, d]) => [a!, c!, b!, d!],
      },
      {
        name: "lengths of 1",
        shape: [1, 3, 1],
        result: [3, 1, 1],
        call: (x) => transpose(x, [1, 0, 2]),
        from: ([i]) => [0, i!, 0],
      },
      { name: "empty", shape: [0, 3], result: [3, 0], call: (x) => transpose(x), from: () => [] },
    ],
    { shape: [64, 515], call: (x) => transpose(x) },
  ),
  moves(
    broadcastTo,
    [
      { name: "a row", shape: [3], result: [2, 3], call: (x) => broadcastTo(x, [2, 3]), from: ([, j]) => [j!] },
      {
        name: "a column and a new first axis",
        shape: [3, 1],
        result: [2, 3, 2],
        call: (x) => broadcastTo(x, [2, 3, 2]),
        from: ([, i]) => [i!, 0],
      },
      { name: "0-d", shape: [], result: [2, 2], call: (x) => broadcastTo(x, [2, 2]), from: () => [] },
      { name: "to an empty shape", shape: [1], result: [0], call: (x) => broadcastTo(x, [0]), from: () => [] },
    ],
    { shape: [515], call: (x) => broadcastTo(x, [64, 515]) },
  ),
  moves(
    slice,
    [
      sliced(
        "a range",
        [5, 3],
        [
          [1, 4],
          [0, 2],
        ],
        [3, 2],
        ([i, j]) => [i! + 1, j!],
      ),
      sliced(
        "steps",
        [7, 5],
        [
          [0, 7, 3],
          [1, null, 2],
        ],
        [3, 2],
        ([i, j]) => [3 * i!, 1 + 2 * j!],
      ),
      sliced(
        "backwards",
        [4, 3],
        [
          [null, null, -1],
          [2, 0, -2],
        ],
        [4, 1],
        ([i, j]) => [3 - i!, 2 - 2 * j!],
      ),
      sliced("from the back", [5], [[-2, null]], [2], ([i]) => [3 + i!]),
      sliced("nothing left", [3], [[2, 2]], [0], () => [0]),
    ],
    {
      shape: [64, 515],
      call: (x) =>
        slice(x, [
          [1, 60, 2],
          [3, 500],
        ]),
    },
  ),
  moves(
    pad,
    [
      {
        name: "around a matrix",
        shape: [2, 3],
        result: [4, 4],
        call: (x) =>
          pad(x, [
            [1, 1],
            [0, 1],
          ]),
        from: ([i, j]) => (i! >= 1 && i! <= 2 && j! < 3 ? [i! - 1, j!] : 0),
      },
      {
        name: "with another value",
        shape: [2],
        result: [4],
        call: (x) => pad(x, [[2, 0]], { value: 1 }),
        from: ([i]) => (i! >= 2 ? [i! - 2] : 1),
      },
      { name: "around an empty axis", shape: [0], result: [2], call: (x) => pad(x, [[1, 1]]), from: () => 0 },
      { name: "by 0", shape: [2], result: [2], call: (x) => pad(x, [[0, 0]]), from: ([i]) => [i!] },
    ],
    {
      shape: [64, 515],
      call: (x) =>
        pad(x, [
          [1, 2],
          [3, 4],
        ]),
    },
  ),
  moves(
    flip,
    [
      { name: "the last axis", shape: [2, 3], result: [2, 3], call: (x) => flip(x, 1), from: ([i, j]) => [i!, 2 - j!] },
      {
        name: "all axes",
        shape: [2, 3, 2],
        result: [2, 3, 2],
        call: (x) => flip(x),
        from: (p) => [1 - axes(p)[0], 2 - axes(p)[1], 1 - axes(p)[2]],
      },
      { name: "a length of 1", shape: [1, 2], result: [1, 2], call: (x) => flip(x, 0), from: ([i, j]) => [i!, j!] },
      { name: "empty", shape: [0, 2], result: [0, 2], call: (x) => flip(x, 1), from: () => [] },
    ],
    { shape: [64, 515], call: (x) => flip(x) },
  ),
  samplesOf(
    concat,
    {
      name: "along the first axis",
      dtypes: anything,
      gradient: false,
      inputs: [whole(0, 1, [2, 3]), whole(0, 1, [1, 3])],
      call: (a, b) => concat([a, b]),
      expected: (a, b) => [[...a, ...b]],
    },
    {
      name: "three along the last axis",
      inputs: [between(-1, 1, [2, 1]), between(-1, 1, [2, 3]), between(-1, 1, [2, 2])],
      call: (...all) => concat(all, 1),
      expected: (a, b, c) => [
        [0, 1].flatMap((row) => [a[row]!, ...b.slice(3 * row, 3 * row + 3), ...c.slice(2 * row, 2 * row + 2)]),
      ],
    },
    {
      name: "one tensor twice",
      inputs: [between(-1, 1, [3])],
      call: (x) => concat([x, x]),
      expected: (x) => [[...x, ...x]],
    },
    {
      name: "with an empty tensor",
      inputs: [between(-1, 1, [2]), between(-1, 1, [0])],
      call: (a, b) => concat([a, b, a]),
      expected: (a) => [[...a, ...a]],
    },
    {
      name: "training size",
      training: true,
      inputs: [between(-1, 1, [64, 515]), between(-1, 1, [64, 100])],
      call: (a, b) => concat([a, b], 1),
    },
  ),
];
