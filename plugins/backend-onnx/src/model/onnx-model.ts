import { create, toBinary } from "@bufbuild/protobuf";
import type { TypedArray } from "@ansatz/core";
import type { Graph } from "@ansatz/core/plugin";
import { type GraphProto, ModelProtoSchema, type TensorProto, TensorProtoSchema } from "onnx-buf";
import { elementCode, elementTypeOf } from "./element-type.ts";
import { encodeValue, GraphBuilder, type NamedValue } from "./graph-builder.ts";
import { malformed } from "../malformed.ts";
import { countUses, lowerNodes } from "./lower-nodes.ts";

/** An ONNX model, and the names of its inputs and outputs. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** The graph's inputs in order; undefined for those that the model does not read. */
  readonly inputs: readonly (NamedValue | undefined)[];
  /** Small inputs that are fed as one, if there are several. */
  readonly packed: Packed | undefined;
  /** Constants that are fed in every run. */
  readonly fills: readonly (NamedValue & { readonly value: number })[];
  /** One output for each wanted node. */
  readonly outputs: readonly NamedValue[];
  /**
   * The first output of a model for this backend's own runs; it is never read. After a run, onnxruntime's binding
   * copies each output into new memory, even if it has written it into memory that it was given. It copies in the order
   * of the outputs and throws at a sequence, so with a sequence first it copies nothing.
   */
  readonly end: string | undefined;
}

/** Vectors in one input: to feed an input takes longer than to copy a short one. */
export interface Packed extends NamedValue {
  /** The positions of the vectors among the graph's inputs, in order. */
  readonly positions: readonly number[];
}

/** Names for a model that other programs load. */
export interface ModelNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The values of inputs that are stored in the model, by name, e.g. the parameters of a trained model. */
  readonly stored: ReadonlyMap<string, TypedArray>;
}

/** The version of ONNX's operators, and of the file format that came with it. */
const opset = 21n;
const fileVersion = 10n;

/** How a model is built. */
export interface ModelOptions {
  /** With names it works on its own; without, it is for this backend's own runs. */
  readonly names?: ModelNames;
  /** See `GraphBuilder.channelBlock`. */
  readonly channelBlock?: number | undefined;
}

/** Builds the model that computes the wanted nodes of a graph. */
export function buildModel(
  graph: Graph,
  wanted: readonly number[],
  { names, channelBlock }: ModelOptions = {},
): OnnxModel {
  const onnx = GraphBuilder.main({ fills: names === undefined ? "fed" : "written", channelBlock });
  const inputs = graph.inputs.map((index, position) =>
    valueOf(graph, index, names?.inputs[position] ?? `input${position}`),
  );
  const packed = names === undefined ? pack(graph, wanted, inputs) : undefined;
  const read = inputs.map(({ name }) => name);
  if (packed !== undefined) {
    const lengths = packed.positions.map((position) => inputs[position]!.shape[0]!);
    const parts = onnx.multi("Split", [packed.name, onnx.vector(lengths)], lengths.length, { axis: 0 });
    for (const [i, position] of packed.positions.entries()) read[position] = parts[i]!;
  }
  const results = onnx.distinct(lowerNodes(graph, onnx, read, wanted));
  const outputs = results.map((result, position) => {
    const name = names?.outputs[position] ?? result;
    if (name !== result) onnx.rename(result, name);
    return valueOf(graph, wanted[position] ?? -1, name);
  });
  const end = names === undefined ? onnx.op("SequenceConstruct", [onnx.scalar("float32", 0)]) : undefined;
  const { proto, captures } = onnx.finish([], outputs, end);
  const isRead = ({ name }: NamedValue): boolean => captures.has(name);
  const fills = onnx.fills().filter(isRead);
  // A model for other programs keeps all inputs that were named, even those that it does not read.
  const kept = inputs.map((input) => (names !== undefined || isRead(input) ? input : undefined));
  const given = kept.filter((input) => input !== undefined && names?.stored.has(input.name) !== true) as NamedValue[];
  proto.input = [...given, ...(packed === undefined ? [] : [packed]), ...fills].map(encodeValue);
  for (const input of inputs) {
    const values = names?.stored.get(input.name);
    if (values !== undefined && isRead(input)) proto.initializer.push(encodeStored(input, values));
  }
  return { bytes: encodeModel(proto, onnx.domains), inputs: kept, packed, fills, outputs, end };
}

/** Vectors of at most so many elements are packed, if there are at least so many. */
const small = { elements: 1_024, fewest: 8 };

/** The short vectors among the inputs that the wanted nodes need. */
function pack(graph: Graph, wanted: readonly number[], inputs: readonly NamedValue[]): Packed | undefined {
  const uses = countUses(graph, wanted);
  const positions = [...inputs.keys()].filter((position) => {
    const { type, shape } = inputs[position]!;
    const short = type === "float32" && shape.length === 1 && shape[0]! <= small.elements;
    return short && uses.has(graph.inputs[position]!);
  });
  if (positions.length < small.fewest) return undefined;
  const length = positions.reduce((sum, position) => sum + inputs[position]!.shape[0]!, 0);
  return { name: "packed", type: "float32", shape: [length], positions };
}

/** A model with a graph, whose ops are of these domains. */
export function encodeModel(graph: GraphProto, domains: ReadonlySet<string>): Uint8Array {
  const opsetImport = [...domains].map((domain) => ({ domain, version: domain === "" ? opset : 1n }));
  const model = create(ModelProtoSchema, { irVersion: fileVersion, producerName: "ansatz", graph, opsetImport });
  return toBinary(ModelProtoSchema, model);
}

function encodeStored({ name, type, shape }: NamedValue, values: TypedArray): TensorProto {
  const rawData = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: elementCode(type), rawData });
}

function valueOf(graph: Graph, index: number, name: string): NamedValue {
  const node = graph.nodes[index];
  if (node === undefined) throw malformed(`it has no node ${index}`);
  return { name, type: elementTypeOf(node.dtype), shape: node.shape };
}
