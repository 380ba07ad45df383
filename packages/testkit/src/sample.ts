import { tensor, type DType, type Shape, type Tensor, type TypedArray } from "@ansatz/core";
import { allocate, isFloating, sizeOf, type OpDefinition } from "@ansatz/core/plugin";
import { Noise } from "./noise.ts";

/** One input of a sample: its shape and the values that make sense there. */
export interface SampleInput {
  readonly shape: Shape;
  /** Default: the dtype under test. */
  readonly dtype?: DType;
  readonly values: (noise: Noise, size: number) => readonly number[];
}

/** One way to call an op. */
export interface Sample {
  /** What this sample tests. */
  readonly name: string;
  readonly inputs: readonly SampleInput[];
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** The dtypes that it runs with. Default: the floating ones. */
  readonly dtypes?: readonly DType[];
  /** The expected values, computed in plain JavaScript from the values of the inputs: one list for each result. */
  readonly expected?: (...inputs: (readonly number[])[]) => readonly (readonly number[])[];
  /** False if values jump or are not finite, so that finite differences mean nothing. */
  readonly gradient?: boolean;
  /** True for a sample as large as in training: it is only repeated, to check that the bits are equal. */
  readonly training?: boolean;
}

/** All samples of one op. */
export interface OpSamples {
  readonly op: string;
  readonly samples: readonly Sample[];
}

export const floats = ["float32", "float64"] as const satisfies readonly DType[];
export const signed = [...floats, "int32"] as const satisfies readonly DType[];
export const numbers = [...signed, "uint32"] as const satisfies readonly DType[];
export const anything = [...numbers, "bool"] as const satisfies readonly DType[];

/** The samples of a function's op. */
export function samplesOf(call: { readonly op: OpDefinition }, ...samples: readonly Sample[]): OpSamples {
  return { op: call.op.name, samples };
}

const each = (shape: Shape, value: (noise: Noise) => number): SampleInput => ({
  shape,
  values: (noise, size) => Array.from({ length: size }, () => value(noise)),
});

/** Values between two limits. */
export function between(low: number, high: number, shape: Shape): SampleInput {
  return each(shape, (noise) => low + (high - low) * noise.uniform());
}

/** Values on both sides of zero, away from zero and from each other: there are no ties, and no kink is close. */
export function apart(shape: Shape): SampleInput {
  return {
    shape,
    values: (noise, size) => {
      const order = Array.from({ length: size }, (_, rank) => rank);
      for (let i = size - 1; i > 0; i--) {
        const j = noise.below(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      return order.map((rank) => (3 * (rank - size / 2 + 0.31)) / Math.max(size, 4));
    },
  };
}

/** Integers from `low` to `high`, both included. */
export function whole(low: number, high: number, shape: Shape): SampleInput {
  return each(shape, (noise) => low + noise.below(high - low + 1));
}

/** Positions on an axis of the given length. */
export function indices(length: number, shape: Shape): SampleInput {
  return { ...whole(0, length - 1, shape), dtype: "int32" };
}

/** Booleans. */
export function booleans(shape: Shape): SampleInput {
  return { ...whole(0, 1, shape), dtype: "bool" };
}

/** Exactly these values. */
export function exactly(values: readonly number[], shape: Shape = [values.length]): SampleInput {
  return { shape, values: () => values };
}

/** The values of each input, the same for float32 and float64. */
export function valuesOf(op: string, sample: Sample): readonly (readonly number[])[] {
  const noise = new Noise(`${op} ${sample.name}`);
  return sample.inputs.map(({ shape, dtype, values }) => {
    const drawn = values(noise, sizeOf(shape));
    return dtype === undefined || isFloating(dtype) ? drawn.map(Math.fround) : drawn;
  });
}

/** Fresh tensors for one run. */
export function tensorsOf(sample: Sample, values: readonly (readonly number[])[], dtype: DType): Tensor[] {
  return sample.inputs.map(({ shape }, position) => {
    const data = held(sample, values, dtype, position);
    return tensor(data, { shape, dtype: sample.inputs[position]!.dtype ?? dtype });
  });
}

/** The values as the dtype under test holds them; integers lose their fractions. */
export function heldValues(
  sample: Sample,
  values: readonly (readonly number[])[],
  dtype: DType,
): readonly (readonly number[])[] {
  return sample.inputs.map((_, position) => Array.from(held(sample, values, dtype, position)));
}

function held(sample: Sample, values: readonly (readonly number[])[], dtype: DType, position: number): TypedArray {
  const { shape, dtype: own = dtype } = sample.inputs[position]!;
  const data = allocate(own, sizeOf(shape));
  data.set(values[position]!);
  return data;
}
