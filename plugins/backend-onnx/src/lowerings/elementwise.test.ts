import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { bools, f32, i32, mismatches, runOp, u32, type Value } from "../testing.ts";

const backend = await onnx({ threads: 2 });
const infinity = Infinity;

/** Numbers that repeat after 41 elements, enough for every vectorised path and its remainder. */
const many = (make: (i: number) => number): number[] => Array.from({ length: 41 }, (_, i) => make(i));
const edges = [1.5, -2.5, 0, -0, NaN, infinity, -infinity, 1e-3, 2.5, 3.5, -0.5];
const edge = (i: number): number => edges[i % edges.length] as number;
const integers = [5, -7, 0, 2_147_483_647, -2_147_483_648, 1, -1];
const words = [0, 1, 4_294_967_295, 2_147_483_648, 7, 3_000_000_000];

const sample: Readonly<Record<string, (shift: number) => Value>> = {
  float32: (shift) =>
    f32(
      [41],
      many((i) => edge(i + shift * (1 + (i % 5)))),
    ),
  int32: (shift) =>
    i32(
      [41],
      many((i) => integers[(i * (shift + 1)) % 7] as number),
    ),
  uint32: (shift) =>
    u32(
      [41],
      many((i) => words[(i * (shift + 1) + shift) % 6] as number),
    ),
  bool: (shift) =>
    bools(
      [41],
      many((i) => (i >> shift) & 1),
    ),
};

async function wrong(
  op: string,
  values: readonly Value[],
  of: (...operands: number[]) => number,
  dtype: Value["dtype"],
): Promise<readonly string[]> {
  const [result] = await runOp(backend, op, values, {}, { shape: [41], dtype });
  return mismatches(
    result,
    many((i) => of(...values.map(({ data }) => data[i] as number))),
  );
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

describe("one operand", () => {
  const unary: Readonly<Record<string, (x: number) => number>> = {
    neg: (x) => -x,
    abs: Math.abs,
    sign: Math.sign,
    exp: Math.exp,
    log: Math.log,
    sqrt: Math.sqrt,
    sin: Math.sin,
    cos: Math.cos,
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    floor: Math.floor,
    ceil: Math.ceil,
    round: roundHalfToEven,
    relu: (x) => (x < 0 ? 0 : x),
  };
  test.each(Object.entries(unary))("%s of float32", async (op, of) => {
    expect(await wrong(op, [sample["float32"]!(0)], of, "float32")).toEqual([]);
  });
  test.each(["neg", "abs", "sign"])("%s of int32", async (op) => {
    expect(
      await wrong(
        op,
        [
          i32(
            [41],
            many((i) => (i % 7) - 3),
          ),
        ],
        unary[op]!,
        "int32",
      ),
    ).toEqual([]);
  });
  test("erf", async () => {
    const [result] = await runOp(
      backend,
      "erf",
      [f32([4], [0, 1, -infinity, NaN])],
      {},
      { shape: [4], dtype: "float32" },
    );
    expect(result?.map((x) => Math.round(x * 1e5) / 1e5)).toEqual([0, 0.8427, -1, NaN]);
  });
  test("not", async () => {
    expect(await wrong("not", [sample["bool"]!(0)], (x) => 1 - x, "bool")).toEqual([]);
  });
});

const floored = (a: number, b: number): number => (b === 0 ? 0 : (a - b * Math.floor(a / b)) | 0);

describe("two operands", () => {
  const floats: Readonly<Record<string, (a: number, b: number) => number>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
    maximum: Math.max,
    minimum: Math.min,
    remainder: (a, b) => (a % b !== 0 && a % b < 0 !== b < 0 ? (a % b) + b : a % b),
    pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === infinity) ? 1 : a ** b), // C's pow
  };
  test.each(Object.entries(floats))("%s of float32", async (op, of) => {
    expect(await wrong(op, [sample["float32"]!(0), sample["float32"]!(1)], of, "float32")).toEqual([]);
  });

  const whole: Readonly<Record<string, (a: number, b: number) => number>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: Math.imul,
    maximum: Math.max,
    minimum: Math.min,
  };
  test.each(Object.entries(whole))("%s of int32 and uint32, wrapping", async (op, of) => {
    expect(await wrong(op, [sample["int32"]!(0), sample["int32"]!(1)], (a, b) => of(a, b) | 0, "int32")).toEqual([]);
    expect(await wrong(op, [sample["uint32"]!(0), sample["uint32"]!(1)], (a, b) => of(a, b) >>> 0, "uint32")).toEqual(
      [],
    );
  });
  test("remainder of int32 has the divisor's sign, and no divisor crashes", async () => {
    expect(await wrong("remainder", [sample["int32"]!(0), sample["int32"]!(1)], floored, "int32")).toEqual([]);
  });

  const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
    equal: (a, b) => a === b,
    notEqual: (a, b) => a !== b,
    less: (a, b) => a < b,
    lessEqual: (a, b) => a <= b,
    greater: (a, b) => a > b,
    greaterEqual: (a, b) => a >= b,
  };
  test.each(Object.entries(comparisons))("%s of all dtypes", async (op, of) => {
    const dtypes =
      op.endsWith("qual") && (op === "equal" || op === "notEqual")
        ? ["float32", "int32", "uint32", "bool"]
        : ["float32", "int32", "uint32"];
    for (const dtype of dtypes)
      expect(await wrong(op, [sample[dtype]!(0), sample[dtype]!(1)], (a, b) => Number(of(a, b)), "bool")).toEqual([]);
  });
  test("logic", async () => {
    const operands = [sample["bool"]!(0), sample["bool"]!(1)];
    expect(await wrong("and", operands, (a, b) => a & b, "bool")).toEqual([]);
    expect(await wrong("or", operands, (a, b) => a | b, "bool")).toEqual([]);
    expect(await wrong("xor", operands, (a, b) => a ^ b, "bool")).toEqual([]);
  });
  test("broadcasting", async () => {
    const type = { shape: [2, 3], dtype: "float32" } as const;
    expect(await runOp(backend, "sub", [f32([2, 1], [1, 2]), f32([3], [1, 2, 3])], {}, type)).toEqual([
      [0, -1, -2, 1, 0, -1],
    ]);
    expect(await runOp(backend, "add", [f32([], [1]), f32([], [2])], {}, { shape: [], dtype: "float32" })).toEqual([
      [3],
    ]);
  });
});

describe("choosing", () => {
  test.each(["float32", "int32", "uint32", "bool"])("where of %s", async (dtype) => {
    const [condition, a, b] = [sample["bool"]!(2), sample[dtype]!(0), sample[dtype]!(1)];
    expect(await wrong("where", [condition, a, b], (c, x, y) => (c ? x : y), a.dtype)).toEqual([]);
    const [broadcast] = await runOp(
      backend,
      "where",
      [
        bools([2, 1], [1, 0]),
        { ...a, shape: [], data: a.data.slice(1, 2) },
        { ...b, shape: [3], data: b.data.slice(0, 3) },
      ],
      {},
      { shape: [2, 3], dtype: a.dtype },
    );
    expect(broadcast).toEqual([a.data[1], a.data[1], a.data[1], b.data[0], b.data[1], b.data[2]]);
  });
});

const saturate = (least: number, most: number) => (value: number) =>
  Number.isNaN(value) ? 0 : Math.min(most, Math.max(least, Math.trunc(value)));

describe("cast", () => {
  const extremes = [1.9, -1.9, NaN, infinity, -infinity, 3e9, -3e9, 2_147_483_520, 5e9];
  const x = f32(
    [41],
    many((i) => extremes[i % 9] as number),
  );
  test("float32 to integers saturates", async () => {
    expect(await wrong("cast", [x], saturate(-(2 ** 31), 2 ** 31 - 1), "int32")).toEqual([]);
    expect(await wrong("cast", [x], saturate(0, 2 ** 32 - 1), "uint32")).toEqual([]);
  });
  test("to bool is a test for zero", async () => {
    for (const value of [
      f32(
        [41],
        many((i) => edge(i)),
      ),
      sample["int32"]!(0),
      sample["uint32"]!(0),
    ]) {
      expect(await wrong("cast", [value], (element) => Number(element !== 0), "bool")).toEqual([]);
    }
  });
  test("from integers and bools", async () => {
    expect(await wrong("cast", [sample["int32"]!(0)], Math.fround, "float32")).toEqual([]);
    expect(await wrong("cast", [sample["uint32"]!(0)], Math.fround, "float32")).toEqual([]);
    expect(await wrong("cast", [sample["int32"]!(0)], (i) => i >>> 0, "uint32")).toEqual([]);
    expect(await wrong("cast", [sample["uint32"]!(0)], (i) => i | 0, "int32")).toEqual([]);
    for (const dtype of ["float32", "int32", "uint32"] as const)
      expect(await wrong("cast", [sample["bool"]!(0)], (i) => i, dtype)).toEqual([]);
  });
});
