import type { TensorData } from "@ansatz/core";

/** How two tensors of the same shape and dtype differ. */
export interface TensorDifference {
  /** How many elements differ, and of how many. */
  readonly elements: number;
  readonly of: number;
  /** The largest |a − b|. A NaN that only one of them has is an infinite difference. */
  readonly absolute: number;
  /** The largest |a − b| / max(|a|, |b|). */
  readonly relative: number;
  /** The largest number of steps between neighbouring floating-point numbers from a to b; null for integers. */
  readonly ulps: number | null;
  /** The index of the first element that differs, along each axis. */
  readonly first: readonly number[];
}

/** Compares two tensors bit for bit, where every NaN equals every other; undefined if they are equal. */
export function differenceOf(a: TensorData, b: TensorData): TensorDifference | undefined {
  const bits = bitsOf(a.dtype);
  let [elements, absolute, relative, ulps, first] = [0, 0, 0, 0, -1];
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    if (Object.is(x, y)) continue;
    if (first < 0) first = i;
    elements++;
    const distance = Number.isNaN(x) || Number.isNaN(y) ? Infinity : x === y ? 0 : Math.abs(x - y);
    const size = Math.max(Math.abs(x), Math.abs(y));
    absolute = Math.max(absolute, distance);
    relative = Math.max(relative, distance === 0 || distance === Infinity ? distance : distance / size);
    if (bits !== undefined)
      ulps = Math.max(ulps, distance === Infinity ? Infinity : Number(abs(order(x, bits) - order(y, bits))));
  }
  if (first < 0) return undefined;
  return {
    elements,
    of: a.data.length,
    absolute,
    relative,
    ulps: bits === undefined ? null : ulps,
    first: indexOf(first, a.shape),
  };
}

type Bits = 32 | 64;

function bitsOf(dtype: string): Bits | undefined {
  return dtype === "float64" ? 64 : dtype === "float32" ? 32 : undefined;
}

const view = new DataView(new ArrayBuffer(8));

/** The place of a number among all numbers of its kind: neighbours differ by 1, also across 0, which has two. */
function order(x: number, bits: Bits): bigint {
  if (bits === 64) view.setFloat64(0, x);
  else view.setFloat32(0, x);
  const whole = bits === 64 ? view.getBigInt64(0) : BigInt(view.getInt32(0));
  return whole >= 0n ? whole : -1n - (whole + (1n << BigInt(bits - 1))); // -0 comes right before 0
}

function abs(x: bigint): bigint {
  return x < 0n ? -x : x;
}

/** A position in the elements of a tensor as an index along each axis. */
function indexOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed();
}
