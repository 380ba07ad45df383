import { BackendError, type DType } from "@ansatz/core";
import { TensorProto_DataType } from "onnx-buf";

/** The element types of our ONNX values: the dtypes of this backend, and types for indices and intermediate values. */
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

/**
 * The element type of a dtype.
 *
 * @throws BackendError for float64, which this backend does not hold
 */
export function elementTypeOf(dtype: DType): ElementType {
  if (dtype === "float64")
    throw new BackendError("onnx: only the cpu backend holds float64\n  cast to float32, or use the cpu backend");
  return dtype;
}

/** Values as little-endian bytes. */
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
