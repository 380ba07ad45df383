import type { DType } from "@ansatz/core";
import type { Graph, GraphNode, TensorType } from "@ansatz/core/plugin";
import { malformed } from "../malformed.ts";
import type { GraphBuilder } from "./graph-builder.ts";

/** A node that is being lowered, and everything that a lowering may read. */
export interface Site {
  readonly onnx: GraphBuilder;
  readonly node: GraphNode;
  /** The node's position in its graph. */
  readonly index: number;
  /** The names of the operands, and their types. */
  readonly inputs: readonly string[];
  readonly types: readonly TensorType[];
  /** The graph that contains the node. */
  readonly graph: Graph;
  /** The name of an earlier node's value. */
  readonly value: (index: number) => string;
  /** How often a node's value is read, including as an output. */
  readonly uses: (index: number) => number;
  /** Lowers a graph into a builder, given the names of its inputs, and returns the names of its outputs. */
  readonly lowerGraph: (graph: Graph, onnx: GraphBuilder, inputs: readonly string[]) => readonly string[];
}

/** Adds the ONNX nodes of an op and returns the name of its result, or the names of its parts. */
export type Lowering = (site: Site) => string | readonly string[];

/** How this backend lowers an op, and for which dtypes. */
export interface LoweredOp {
  readonly dtypes: readonly DType[];
  readonly lower: Lowering;
}

export type LoweringTable = Readonly<Record<string, LoweredOp>>;

export const floats = ["float32"] as const satisfies readonly DType[];
export const bools = ["bool"] as const satisfies readonly DType[];
export const signed = ["float32", "int32"] as const satisfies readonly DType[];
export const numbers = ["float32", "int32", "uint32"] as const satisfies readonly DType[];
export const anything = ["float32", "int32", "uint32", "bool"] as const satisfies readonly DType[];

/** An op that is lowered for these dtypes. */
export function on(dtypes: readonly DType[], lower: Lowering): LoweredOp {
  return { dtypes, lower };
}

/** An op that ONNX has with the same meaning, under the given name. */
export function same(dtypes: readonly DType[], op: string): LoweredOp {
  return on(dtypes, ({ onnx, inputs }) => onnx.op(op, inputs));
}

/** The name of an operand that every valid graph has. */
export function operand(site: Site, position: number): string {
  const name = site.inputs[position];
  if (name === undefined) throw malformed(`${site.node.op} has no operand ${position}`);
  return name;
}

/** The type of an operand that every valid graph has. */
export function typeOf(site: Site, position: number): TensorType {
  const type = site.types[position];
  if (type === undefined) throw malformed(`${site.node.op} has no operand ${position}`);
  return type;
}
