import type { DType, Shape, TypedArray } from "@ansatz/core";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

/** A value that a tfjs backend holds. */
export interface Held {
  readonly tensor: TensorInfo;
  readonly dtype: DType;
}

/** A tfjs backend: its kernels, and how its values are reached from the host. */
export interface TfjsEngine {
  /** What tfjs's registry of kernels calls it. */
  readonly name: string;
  /** What computes, in words. */
  readonly device?: string;
  readonly backend: KernelBackend;
  /** The values of a tensor as they lie, or a copy: good until the engine allocates the next one. */
  view(tensor: TensorInfo): ArrayBufferView;
  /** Whether a new tensor may go on using the array that it was made of. */
  readonly keepsArrays?: boolean;
  /** A new tensor of these values. */
  write(data: TypedArray, shape: Shape, dtype: TensorInfo["dtype"]): TensorInfo;
  /** One step of a sequence along its first axis, where that is better than through a view. */
  step?(sequence: TensorInfo, index: number): TensorInfo;
  /** Steps joined along a new first axis, where that is better than through views. */
  stack?(steps: readonly TensorInfo[]): TensorInfo;
}

/**
 * What tfjs calls the dtypes. It has no uint32: those are kept as int32 of the same bits, and never reach its
 * arithmetic.
 */
export const tfjsTypes = { float32: "float32", int32: "int32", uint32: "int32", bool: "bool" } as const;

/** The dtypes that a tfjs backend holds. */
export type HeldDType = keyof typeof tfjsTypes;

const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array };

/** The values of a held tensor, until the engine allocates the next one. */
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
