import { create, toBinary } from "@bufbuild/protobuf";
import type { Graph } from "@ansatz/core";
import { ModelProtoSchema } from "onnx-buf";
import { elementTypeOf } from "./element-type.ts";
import { encodeValue, GraphBuilder, type NamedValue } from "./graph-builder.ts";
import { lowerNodes } from "./lower.ts";

/** An ONNX model and the names by which it is fed and read. */
export interface Model {
  readonly bytes: Uint8Array;
  /** The graph's inputs in their order; those that the model does not read are absent. */
  readonly inputs: readonly (NamedValue | undefined)[];
  /** Constants to be fed at every run. */
  readonly fills: readonly (NamedValue & { readonly value: number })[];
  /** One for each wanted node. */
  readonly outputs: readonly NamedValue[];
}

/** Names for a model that others are to read. */
export interface ModelNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Operators of ONNX's opset 21, and version 10 of the file format, which came with it. */
const opset = 21n;
const fileVersion = 10n;

/** The model that computes the wanted nodes of a graph. With names it is to stand alone, else it is for this backend's own runs. */
export function buildModel(graph: Graph, wanted: readonly number[], names?: ModelNames): Model {
  const onnx = GraphBuilder.main({ fills: names === undefined ? "fed" : "written" });
  const inputs = graph.inputs.map((index, position) => valueOf(graph, index, names?.inputs[position] ?? `input${position}`));
  const results = onnx.distinct(lowerNodes(graph, onnx, inputs.map(({ name }) => name), wanted));
  const outputs = results.map((result, position) => {
    const name = names?.outputs[position] ?? result;
    if (name !== result) onnx.rename(result, name);
    return valueOf(graph, wanted[position] ?? -1, name);
  });
  const { proto, captures } = onnx.finish([], outputs);
  const read = ({ name }: NamedValue): boolean => captures.has(name);
  const fills = onnx.fills().filter(read);
  // A model that others read keeps all the inputs that it was promised with.
  const kept = inputs.map((input) => (names !== undefined || read(input) ? input : undefined));
  proto.input = [...kept.filter((input) => input !== undefined), ...fills].map(encodeValue);
  const model = create(ModelProtoSchema, { irVersion: fileVersion, producerName: "ansatz", graph: proto, opsetImport: [{ domain: "", version: opset }] });
  return { bytes: toBinary(ModelProtoSchema, model), inputs: kept, fills, outputs };
}

/** The graph as an ONNX file that any onnxruntime loads. */
export function toOnnx(graph: Graph, names: ModelNames): Uint8Array {
  return buildModel(graph, graph.outputs, names).bytes;
}

function valueOf(graph: Graph, index: number, name: string): NamedValue {
  const node = graph.nodes[index];
  if (node === undefined) throw new RangeError(`onnx: the graph has no node ${index}`);
  return { name, type: elementTypeOf(node.dtype), shape: node.shape };
}
