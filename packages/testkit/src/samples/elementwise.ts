import type { DType, Shape, Tensor } from "@ansatz/core";
import type { OpDefinition } from "@ansatz/core/plugin";
import { exactly, floats, samplesOf, type OpSamples, type Sample, type SampleInput } from "../sample.ts";

type Unary = ((x: Tensor) => Tensor) & { readonly op: OpDefinition };
type Binary = ((a: Tensor, b: Tensor) => Tensor) & { readonly op: OpDefinition };

/** NaN, infinities and zeros, and the largest and smallest numbers of float32. */
export const extremes = [NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38, 1e-30];

/** The samples of an op with one operand: shapes, extreme values, and a tensor as large as in training. */
export function unarySamples(
  call: Unary,
  compute: (x: number) => number,
  domain: (shape: Shape) => SampleInput,
  options: {
    readonly dtypes?: readonly DType[];
    readonly gradient?: boolean;
    readonly extremes?: readonly number[];
  } = {},
): OpSamples {
  const { dtypes = floats, gradient = true } = options;
  const common = { call, dtypes, gradient, expected: (x: readonly number[]) => [x.map(compute)] };
  const shaped = (name: string, shape: Shape): Sample => ({ ...common, name, inputs: [domain(shape)] });
  return samplesOf(
    call,
    shaped("a matrix", [3, 4]),
    shaped("0-d", []),
    shaped("odd lengths", [1, 7, 1, 3]),
    shaped("empty", [2, 0]),
    {
      ...common,
      name: "extremes",
      dtypes: dtypes.filter((dtype) => dtype.startsWith("float")),
      gradient: false,
      inputs: [exactly(options.extremes ?? extremes)],
    },
    { ...shaped("training size", [64, 515]), training: true },
  );
}

const shapes = [
  { name: "equal shapes", a: [3, 4], b: [3, 4] },
  { name: "a row", a: [3, 4], b: [4] },
  { name: "a column", a: [3, 1], b: [3, 4] },
  { name: "both broadcast", a: [2, 1, 3], b: [4, 1] },
  { name: "0-d on the left", a: [], b: [5] },
  { name: "0-d on the right", a: [2, 3], b: [] },
  { name: "0-d on both sides", a: [], b: [] },
  { name: "empty", a: [0, 3], b: [3] },
] as const;

/**
 * The samples of an op with two operands: every kind of broadcast, pairs of extreme values, and tensors as large as in
 * training.
 */
export function binarySamples(
  call: Binary,
  compute: (a: number, b: number) => number,
  domains: readonly [left: (shape: Shape) => SampleInput, right: (shape: Shape) => SampleInput],
  options: {
    readonly dtypes?: readonly DType[];
    readonly gradient?: boolean;
    readonly extremes?: readonly number[];
  } = {},
): OpSamples {
  const { dtypes = floats, gradient = true, extremes: special = extremes } = options;
  const [left, right] = domains;
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  return samplesOf(
    call,
    ...shapes.map(({ name, a, b }): Sample => ({
      name,
      call,
      dtypes,
      gradient,
      inputs: [left(a), right(b)],
      expected: (x, y) => [spread(x, a, y, b, compute)],
    })),
    {
      name: "extremes",
      call,
      dtypes: dtypes.filter((dtype) => dtype.startsWith("float")),
      gradient: false,
      inputs: [exactly(pairs.map(([a]) => a)), exactly(pairs.map(([, b]) => b))],
      expected: (x, y) => [x.map((a, position) => compute(a, y[position]!))],
    },
    { name: "training size", call, dtypes, gradient, training: true, inputs: [left([64, 515]), right([515])] },
  );
}

/** The op on two lists that broadcast, computed element by element over the common shape. */
export function spread(
  a: readonly number[],
  aShape: Shape,
  b: readonly number[],
  bShape: Shape,
  compute: (a: number, b: number) => number,
): number[] {
  const rank = Math.max(aShape.length, bShape.length);
  const lengths = (shape: Shape): number[] => [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
  const [left, right] = [lengths(aShape), lengths(bShape)];
  const common = left.map((length, axis) => (length === 1 ? right[axis]! : length));
  const size = common.reduce((product, length) => product * length, 1);
  return Array.from({ length: size }, (_, place) => {
    let [rest, i, j, iStride, jStride] = [place, 0, 0, 1, 1];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const index = rest % common[axis]!;
      rest = Math.floor(rest / common[axis]!);
      i += (left[axis] === 1 ? 0 : index) * iStride;
      j += (right[axis] === 1 ? 0 : index) * jStride;
      iStride *= left[axis]!;
      jStride *= right[axis]!;
    }
    return compute(a[i]!, b[j]!);
  });
}
