import type { DType, TypedArray } from "@ansatz/core";
import type { GraphNode, Kernel, PartsKernel } from "@ansatz/core/plugin";

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

/** An attribute that is a number. */
export function numberOf(node: GraphNode, name: string): number {
  const value = node.attributes[name];
  if (typeof value !== "number") throw malformed(node, name, "a number");
  return value;
}

/** An attribute that is a list of numbers. */
export function numbersOf(node: GraphNode, name: string): readonly number[] {
  const value = node.attributes[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "number"))
    throw malformed(node, name, "a list of numbers");
  return value;
}

/** An attribute that is a list of pairs of numbers. */
export function pairsOf(node: GraphNode, name: string): readonly (readonly [number, number])[] {
  const value = node.attributes[name];
  if (!Array.isArray(value) || !value.every((item) => Array.isArray(item) && item.length === 2))
    throw malformed(node, name, "a list of pairs");
  return value;
}

/** An attribute that is true or false. */
export function flagOf(node: GraphNode, name: string): boolean {
  const value = node.attributes[name];
  if (typeof value !== "boolean") throw malformed(node, name, "true or false");
  return value;
}

function malformed(node: GraphNode, name: string, expected: string): Error {
  return new Error(
    `${node.op}: attribute "${name}" should be ${expected} but is ${JSON.stringify(node.attributes[name])}`,
  );
}
