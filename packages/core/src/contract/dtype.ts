/** The element types of tensors. `bool` is stored one byte an element, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "uint32" | "bool";

/** The host arrays that hold them: `bool` travels as Uint8Array. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The host array that holds a dtype. */
export type ArrayOf<D extends DType> = {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  bool: Uint8Array;
}[D];

/** The sizes of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[];

/** What is known of a tensor before it has a value. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** Every dtype, narrowest first. */
export const dtypes = ["bool", "uint32", "int32", "float32", "float64"] as const satisfies readonly DType[];

/** A zero-filled host array for `length` elements of a dtype. */
export function allocate(dtype: DType, length: number): TypedArray {
  return new arrays[dtype](length);
}

/** Bytes an element takes. */
export function bytesPerElement(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** Whether values of the dtype carry gradients. */
export function isFloating(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** The number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}
