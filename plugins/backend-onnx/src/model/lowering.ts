import type { DType } from "@ansatz/core";
import type { Graph, GraphNode, TensorType } from "@ansatz/core/plugin";
import type { GraphBuilder } from "./graph-builder.ts";

/** A node that is being lowered, and all that a lowering may look at. */
export interface Site {
  readonly onnx: GraphBuilder;
  readonly node: GraphNode;
  /** The node's position in its graph. */
  readonly index: number;
  /** Names of the operands, and their types. */
  readonly inputs: readonly string[];
  readonly types: readonly TensorType[];
  /** The graph that the node stands in. */
  readonly graph: Graph;
  /** The name of an earlier node's value. */
  readonly value: (index: number) => string;
  /** How often a node's value is read, outputs included. */
  readonly uses: (index: number) => number;
  /** Lowers a graph, given the names of its inputs, into a builder; gives the names of its outputs. */
  readonly lowerGraph: (graph: Graph, onnx: GraphBuilder, inputs: readonly string[]) => readonly string[];
}

/** Adds an op's ONNX nodes; gives the name of its result, or of all its parts. */
export type Lowering = (site: Site) => string | readonly string[];

/** What this backend knows of an op: on which dtypes, and how. */
export interface Lowered {
  readonly dtypes: readonly DType[];
  readonly lower: Lowering;
}

export type LoweringTable = Readonly<Record<string, Lowered>>;

export const floats = ["float32"] as const satisfies readonly DType[];
export const bools = ["bool"] as const satisfies readonly DType[];
export const signed = ["float32", "int32"] as const satisfies readonly DType[];
export const numbers = ["float32", "int32", "uint32"] as const satisfies readonly DType[];
export const anything = ["float32", "int32", "uint32", "bool"] as const satisfies readonly DType[];

/** The dtypes and the lowering of an op. */
export function on(dtypes: readonly DType[], lower: Lowering): Lowered {
  return { dtypes, lower };
}

/** An op that onnxruntime has under the given name, with the same meaning. */
export function same(dtypes: readonly DType[], op: string): Lowered {
  return on(dtypes, ({ onnx, inputs }) => onnx.op(op, inputs));
}

/** The name of an operand that the op always has. */
export function operand(site: Site, position: number): string {
  const name = site.inputs[position];
  if (name === undefined) throw new RangeError(`onnx: ${site.node.op} lacks its operand ${position}`);
  return name;
}

/** The type of an operand that the op always has. */
export function typeOf(site: Site, position: number): TensorType {
  const type = site.types[position];
  if (type === undefined) throw new RangeError(`onnx: ${site.node.op} lacks its operand ${position}`);
  return type;
}
