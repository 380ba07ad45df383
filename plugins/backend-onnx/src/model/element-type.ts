import type { DType } from "@ansatz/core";
import { TensorProto_DataType } from "onnx-buf";

/** What an ONNX value of ours can hold: the dtypes of this backend, and what indices and compositions pass through. */
export type ElementType = Exclude<DType, "float64"> | "int64" | "uint8";

const codes: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  uint32: TensorProto_DataType.UINT32,
  bool: TensorProto_DataType.BOOL,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
};

/** ONNX's number for an element type. */
export function elementCode(type: ElementType): TensorProto_DataType {
  return codes[type];
}

/** A dtype as an element type; float64 never gets this far. */
export function elementTypeOf(dtype: DType): ElementType {
  if (dtype === "float64") throw new TypeError("onnx: float64 is held by the cpu backend alone");
  return dtype;
}

/** The little-endian bytes of some values. */
export function encodeValues(type: ElementType, values: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(arrayOf(type, values).buffer);
}

function arrayOf(type: ElementType, values: readonly number[]): { readonly buffer: ArrayBuffer } {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "uint32":
      return Uint32Array.from(values);
    case "int64":
      return BigInt64Array.from(values, BigInt);
    case "bool":
    case "uint8":
      return Uint8Array.from(values);
  }
}
