import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  type AttributeProto,
  type GraphProto,
} from "onnx-buf";

/** A graph inside a node, and the outer names that it refers to. */
export interface Subgraph {
  readonly proto: GraphProto;
  readonly captures: ReadonlySet<string>;
}

/** A float attribute. Plain numbers are integer attributes. */
export interface Float {
  readonly float: number;
}

export type OnnxAttribute = number | boolean | string | Float | readonly number[] | Subgraph;
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

const encoder = new TextEncoder();

/** An attribute of a node, typed by its JavaScript value; booleans are 0 and 1. */
export function encodeAttribute(name: string, value: OnnxAttribute): AttributeProto {
  if (typeof value === "number" || typeof value === "boolean")
    return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s: encoder.encode(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value.float });
  if ("proto" in value) return create(AttributeProtoSchema, { name, type: Kind.GRAPH, g: value.proto });
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
}

/** Whether the attribute is a graph. */
export function isSubgraph(value: OnnxAttribute): value is Subgraph {
  return typeof value === "object" && "proto" in value;
}
