import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { bools, f32, i32, runOp, u32, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const six = [0, 1, 2, 3, 4, 5];
const kinds: readonly (readonly [string, (shape: readonly number[], values: readonly number[]) => Value])[] = [
  ["float32", f32],
  ["int32", i32],
  ["uint32", u32],
  [
    "bool",
    (shape, values) =>
      bools(
        shape,
        values.map((value) => value % 2),
      ),
  ],
];

describe.each(kinds)("of %s", (_dtype, make) => {
  const x = make([2, 3], six);
  const expected = (values: readonly number[]): readonly number[] => Array.from(make([values.length], values).data);
  const run = async (
    op: string,
    attributes: Parameters<typeof runOp>[3],
    shape: readonly number[],
    values: readonly Value[] = [x],
  ): Promise<readonly number[]> => (await runOp(backend, op, values, attributes, { shape, dtype: x.dtype }))[0] ?? [];

  test("reshape, transpose, broadcastTo, flip", async () => {
    expect(await run("reshape", {}, [3, 2])).toEqual(expected(six));
    expect(await run("reshape", {}, [], [make([1, 1], [3])])).toEqual(expected([3]));
    expect(await run("transpose", { permutation: [1, 0] }, [3, 2])).toEqual(expected([0, 3, 1, 4, 2, 5]));
    expect(await run("broadcastTo", {}, [2, 2, 3])).toEqual(expected([...six, ...six]));
    expect(await run("broadcastTo", {}, [2, 2], [make([], [3])])).toEqual(expected([3, 3, 3, 3]));
    expect(await run("flip", { axes: [0, 1] }, [2, 3])).toEqual(expected([5, 4, 3, 2, 1, 0]));
    expect(await run("flip", { axes: [1] }, [2, 3])).toEqual(expected([2, 1, 0, 5, 4, 3]));
  });
  test("slice", async () => {
    expect(await run("slice", { start: [0, 0], end: [2, 3], step: [1, 2] }, [2, 2])).toEqual(expected([0, 2, 3, 5]));
    expect(await run("slice", { start: [1, 1], end: [2, 3], step: [1, 1] }, [1, 2])).toEqual(expected([4, 5]));
    expect(await run("slice", { start: [0, 0], end: [2, 3], step: [1, 1] }, [2, 3])).toEqual(expected(six));
  });
  test("pad, also between elements", async () => {
    expect(await run("pad", { before: [0, 1], after: [1, 0], interior: [0, 0], value: 1 }, [3, 4])).toEqual(
      expected([1, 0, 1, 2, 1, 3, 4, 5, 1, 1, 1, 1]),
    );
    expect(await run("pad", { before: [0, 1], after: [0, 0], interior: [1, 2], value: 1 }, [3, 8])).toEqual(
      expected([1, 0, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 4, 1, 1, 5]),
    );
  });
  test("concat", async () => {
    expect(await run("concat", { axis: 1 }, [2, 4], [x, make([2, 1], [7, 9])])).toEqual(
      expected([0, 1, 2, 7, 3, 4, 5, 9]),
    );
  });
  test("gather and takeAlongAxis", async () => {
    expect(await run("gather", { axis: 1 }, [2, 2, 2], [x, i32([2, 2], [2, 0, 1, 1])])).toEqual(
      expected([2, 0, 1, 1, 5, 3, 4, 4]),
    );
    expect(await run("gather", { axis: 0 }, [3], [x, i32([], [1])])).toEqual(expected([3, 4, 5]));
    expect(await run("takeAlongAxis", { axis: 1 }, [2, 1], [x, i32([2, 1], [2, 0])])).toEqual(expected([2, 3]));
  });
  test("dynamicSlice clamps a window that does not fit", async () => {
    expect(await run("dynamicSlice", { sizes: [1, 2] }, [1, 2], [x, i32([2], [1, 1])])).toEqual(expected([4, 5]));
    expect(await run("dynamicSlice", { sizes: [1, 2] }, [1, 2], [x, i32([2], [7, 2])])).toEqual(expected([4, 5]));
    expect(await run("dynamicSlice", { sizes: [1, 2] }, [1, 2], [x, i32([2], [-3, -1])])).toEqual(expected([0, 1]));
  });
  test("dynamicUpdateSlice clamps it too", async () => {
    const update = make([1, 2], [8, 9]);
    expect(await run("dynamicUpdateSlice", {}, [2, 3], [x, update, i32([2], [1, 0])])).toEqual(
      expected([0, 1, 2, 8, 9, 5]),
    );
    expect(await run("dynamicUpdateSlice", {}, [2, 3], [x, update, i32([2], [-1, 9])])).toEqual(
      expected([0, 8, 9, 3, 4, 5]),
    );
    expect(await run("dynamicUpdateSlice", {}, [], [make([], [1]), make([], [4]), i32([1], [0])])).toEqual(
      expected([4]),
    );
  });
});

test("gather refuses an index out of range", async () => {
  await expect(
    runOp(backend, "gather", [f32([2], [1, 2]), i32([1], [2])], { axis: 0 }, { shape: [1], dtype: "float32" }),
  ).rejects.toThrow(/bounds|range/);
});

describe("sums at indices", () => {
  test("scatterAdd with repeated indices", async () => {
    const type = { shape: [2, 3], dtype: "float32" } as const;
    const x = f32([2, 3], [1, 1, 1, 1, 1, 1]);
    expect(
      await runOp(
        backend,
        "scatterAdd",
        [x, i32([3], [1, 1, 0]), f32([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])],
        { axis: 0 },
        type,
      ),
    ).toEqual([[8, 9, 10, 6, 8, 10]]);
    expect(
      await runOp(backend, "scatterAdd", [x, i32([2, 1], [2, 2]), f32([2, 2, 1], [1, 2, 3, 4])], { axis: 1 }, type),
    ).toEqual([[1, 1, 4, 1, 1, 8]]);
    expect(await runOp(backend, "scatterAdd", [x, i32([], [1]), f32([3], [1, 2, 3])], { axis: 0 }, type)).toEqual([
      [1, 1, 1, 2, 3, 4],
    ]);
    expect(
      await runOp(
        backend,
        "scatterAdd",
        [i32([2], [1, 2]), i32([2], [0, 0]), i32([2], [5, 6])],
        { axis: 0 },
        { shape: [2], dtype: "int32" },
      ),
    ).toEqual([[12, 2]]);
  });
  test("scatterAddAlongAxis", async () => {
    const updates = f32([2, 2], [1, 2, 3, 4]);
    expect(
      await runOp(
        backend,
        "scatterAddAlongAxis",
        [f32([2, 3], [0, 0, 0, 0, 0, 0]), i32([2, 2], [1, 1, 0, 2]), updates],
        { axis: 1 },
        { shape: [2, 3], dtype: "float32" },
      ),
    ).toEqual([[0, 3, 0, 3, 0, 4]]);
  });
  test("the sums of many repeated indices are the same in every run", async () => {
    const count = 20_000;
    const indices = i32(
      [count],
      Array.from({ length: count }, (_, i) => (i * 7919) % 13),
    );
    const updates = f32(
      [count, 8],
      Array.from({ length: count * 8 }, (_, i) => Math.sin(i)),
    );
    const sums = (): ReturnType<typeof runOp> =>
      runOp(
        backend,
        "scatterAdd",
        [
          f32(
            [13, 8],
            Array.from({ length: 104 }, () => 0),
          ),
          indices,
          updates,
        ],
        { axis: 0 },
        { shape: [13, 8], dtype: "float32" },
      );
    const first = await sums();
    const exact = Array.from({ length: 104 }, () => 0);
    updates.data.forEach((x, i) => (exact[(indices.data[i >> 3] as number) * 8 + (i & 7)]! += x));
    first[0]?.forEach((sum, i) => expect(sum).toBeCloseTo(exact[i]!, 2));
    for (let run = 0; run < 5; run++) expect(await sums()).toEqual(first);
  });
});

test("iota and constant", async () => {
  expect(await runOp(backend, "iota", [], {}, { shape: [4], dtype: "int32" })).toEqual([[0, 1, 2, 3]]);
  expect(await runOp(backend, "iota", [], {}, { shape: [3], dtype: "float32" })).toEqual([[0, 1, 2]]);
  expect(await runOp(backend, "constant", [], { value: Number.NaN }, { shape: [], dtype: "float32" })).toEqual([
    [Number.NaN],
  ]);
  expect(await runOp(backend, "constant", [], { value: 4_294_967_295 }, { shape: [], dtype: "uint32" })).toEqual([
    [4_294_967_295],
  ]);
  expect(await runOp(backend, "constant", [], { value: 1 }, { shape: [], dtype: "bool" })).toEqual([[1]]);
});
