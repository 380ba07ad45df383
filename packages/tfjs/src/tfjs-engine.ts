import type { DType, Shape, TypedArray } from "@ansatz/core";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

/** A value that a tfjs backend holds. */
export interface Held {
  readonly tensor: TensorInfo;
  readonly dtype: DType;
}

/** A tfjs backend: its kernels, and how the host reads and writes its values. */
export interface TfjsEngine {
  /** Its name in tfjs's registry of kernels. */
  readonly name: string;
  /** What computes, for people to read, e.g. "CPU, 2 threads". */
  readonly device?: string;
  readonly backend: KernelBackend;
  /** A view or a copy of a tensor's values. It is valid until the engine allocates another tensor. */
  view(tensor: TensorInfo): ArrayBufferView;
  /** Whether a tensor may keep using the array that it was created from. */
  readonly keepsArrays?: boolean;
  /** Creates a tensor of these values. */
  write(data: TypedArray, shape: Shape, dtype: TensorInfo["dtype"]): TensorInfo;
  /** One step of a sequence along its first axis, if the engine has a better way than a view. */
  step?(sequence: TensorInfo, index: number): TensorInfo;
  /** Steps joined along a new first axis, if the engine has a better way than views. */
  stack?(steps: readonly TensorInfo[]): TensorInfo;
}

/**
 * tfjs's names for the dtypes. It has no uint32: those values are kept as int32 with the same bits, and tfjs never
 * computes with them.
 */
export const tfjsTypes = { float32: "float32", int32: "int32", uint32: "int32", bool: "bool" } as const;

/** The dtypes that a tfjs backend holds. */
export type HeldDType = keyof typeof tfjsTypes;

const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };

/** The values of a held tensor. They are valid until the engine allocates another tensor. */
export function viewOf(engine: TfjsEngine, { tensor, dtype }: Held): TypedArray {
  const { buffer, byteOffset, byteLength } = engine.view(tensor);
  const array = arrays[dtype as HeldDType];
  return new array(buffer as ArrayBuffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}

/** Host values as a held tensor. */
export function hold(engine: TfjsEngine, data: TypedArray, shape: Shape, dtype: DType): Held {
  const bits = dtype === "uint32" ? new Int32Array(data.buffer as ArrayBuffer, data.byteOffset, data.length) : data;
  return { tensor: engine.write(bits, shape, tfjsTypes[dtype as HeldDType]), dtype };
}
