import { BackendError, type DType, type TypedArray } from "@ansatz/core";
import type { Kernel, PartsKernel } from "@ansatz/core/plugin";

/** An op in plain TypeScript: its kernel, and the dtypes of its first input, or of its result if it has no input. */
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

/**
 * An item of a list that is long enough in every valid graph.
 *
 * @throws BackendError if the list has no such item
 */
export function at<Item>(items: readonly Item[], position: number): Item {
  const item = items[position];
  if (item === undefined)
    throw new BackendError(
      `the graph is malformed: a list of ${items.length} has no item ${position}\n` +
        "  check the code that recorded or rewrote it",
    );
  return item;
}
