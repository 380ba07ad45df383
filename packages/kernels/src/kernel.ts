import type { DType, TypedArray } from "@ansatz/core";
import type { Kernel, PartsKernel } from "@ansatz/core/plugin";

/**
 * What an op of this backend is: the dtypes of its first input (of its result, where it has no input) and its kernel.
 */
export interface PlainOp {
  readonly dtypes: readonly DType[];
  readonly kernel: Kernel<TypedArray>;
}

/** An op with several results. */
export interface PlainPartsOp {
  readonly dtypes: readonly DType[];
  readonly partsKernel: PartsKernel<TypedArray>;
}

/** A family of ops by name. */
export type PlainOps = Readonly<Record<string, PlainOp | PlainPartsOp>>;

export const floats = ["float32", "float64"] as const satisfies readonly DType[];
export const signed = [...floats, "int32"] as const satisfies readonly DType[];
export const numbers = [...signed, "uint32"] as const satisfies readonly DType[];
export const anything = [...numbers, "bool"] as const satisfies readonly DType[];

/** Item `position` of a list whose length the graph guarantees. */
export function at<Item>(items: readonly Item[], position: number): Item {
  const item = items[position];
  if (item === undefined) throw new Error(`the graph is malformed: ${position} is outside a list of ${items.length}`);
  return item;
}
