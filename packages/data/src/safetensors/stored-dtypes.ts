import type { DType, TypedArray } from "@ansatz/core";
import { allocate } from "@ansatz/core/plugin";

/** How a file stores numbers, and which dtype they have after loading. */
export interface StoredDType {
  readonly bytes: number;
  readonly dtype: DType;
  /** Turns stored bytes into numbers. Without it the bytes are those of the dtype itself. */
  readonly read?: (bytes: DataView, at: number) => number | bigint;
}

/** Every dtype that is read. The first of each of Ansatz's dtypes is the one that is written. */
export const storedDTypes: Readonly<Record<string, StoredDType>> = {
  F32: { bytes: 4, dtype: "float32" },
  F64: { bytes: 8, dtype: "float64" },
  I32: { bytes: 4, dtype: "int32" },
  U32: { bytes: 4, dtype: "uint32" },
  BOOL: { bytes: 1, dtype: "bool" },
  F16: { bytes: 2, dtype: "float32", read: (bytes, at) => halfOf(bytes.getUint16(at, true)) },
  BF16: { bytes: 2, dtype: "float32", read: (bytes, at) => brainFloatOf(bytes.getUint16(at, true)) },
  I8: { bytes: 1, dtype: "int32", read: (bytes, at) => bytes.getInt8(at) },
  U8: { bytes: 1, dtype: "int32", read: (bytes, at) => bytes.getUint8(at) },
  I16: { bytes: 2, dtype: "int32", read: (bytes, at) => bytes.getInt16(at, true) },
  U16: { bytes: 2, dtype: "int32", read: (bytes, at) => bytes.getUint16(at, true) },
  I64: { bytes: 8, dtype: "int32", read: (bytes, at) => bytes.getBigInt64(at, true) },
  U64: { bytes: 8, dtype: "uint32", read: (bytes, at) => bytes.getBigUint64(at, true) },
};

/** The name under which a dtype is written. */
export function storedName(dtype: DType): string {
  return Object.entries(storedDTypes).find(([, stored]) => stored.dtype === dtype)![0];
}

/** The numbers that stored bytes stand for, or the first of them that does not fit into the dtype. */
export function numbersOf(
  { bytes: width, dtype, read }: Required<StoredDType>,
  bytes: Uint8Array,
): { readonly data: TypedArray } | { readonly misfit: bigint; readonly index: number } {
  const data = allocate(dtype, bytes.length / width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < data.length; i++) {
    const value = read(view, i * width);
    data[i] = Number(value);
    if (typeof value === "bigint" && BigInt(data[i]!) !== value) return { misfit: value, index: i };
  }
  return { data };
}

const word = new DataView(new ArrayBuffer(4));

/** A bfloat16 is the upper half of a float32. */
function brainFloatOf(bits: number): number {
  word.setUint32(0, bits * 2 ** 16);
  return word.getFloat32(0);
}

/** A number of half precision: 1 bit for the sign, 5 for the exponent, 10 for the fraction. IEEE 754. */
function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
