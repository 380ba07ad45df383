import type { DType, TypedArray } from "@ansatz/core";
import {
  allocate,
  type Attributes,
  type Backend,
  type Graph,
  type GraphNode,
  type TensorType,
} from "@ansatz/core/plugin";
import { cpu } from "./cpu.ts";

/** A value for a test: `f32([2, 2], 1, 2, 3, 4)`. */
export interface Value extends TensorType {
  readonly data: TypedArray;
}

const maker =
  (dtype: DType) =>
  (shape: readonly number[], ...values: readonly number[]): Value => {
    const data = allocate(dtype, values.length);
    data.set(values);
    return { dtype, shape, data };
  };

export const f32 = maker("float32");
export const f64 = maker("float64");
export const i32 = maker("int32");
export const u32 = maker("uint32");
export const bool = maker("bool");

/** Writes a graph node by node. Each method returns the position of the new node. */
export class GraphWriter {
  readonly nodes: GraphNode[] = [];
  readonly inputs: number[] = [];

  leaf(type: TensorType): number {
    this.inputs.push(this.nodes.length);
    return this.node("leaf", [], { shape: type.shape, dtype: type.dtype });
  }

  node(
    op: string,
    inputs: readonly number[],
    type: TensorType,
    attributes: Attributes = {},
    more: Partial<GraphNode> = {},
  ): number {
    this.nodes.push({ op, inputs, attributes, shape: type.shape, dtype: type.dtype, ...more });
    return this.nodes.length - 1;
  }

  graph(outputs: readonly number[], updates: Graph["updates"] = []): Graph {
    return { nodes: this.nodes, inputs: this.inputs, outputs, updates };
  }
}

/** Runs one op and returns its values as a plain list. */
export async function runOp(
  op: string,
  inputs: readonly Value[],
  result: TensorType,
  attributes: Attributes = {},
): Promise<number[]> {
  const writer = new GraphWriter();
  const node = writer.node(
    op,
    inputs.map((input) => writer.leaf(input)),
    result,
    attributes,
  );
  return (await runGraph(writer.graph([node]), inputs))[0] ?? [];
}

/** Runs one op with several results and returns the values of each as a plain list. */
export async function runParts(
  op: string,
  inputs: readonly Value[],
  parts: readonly TensorType[],
  attributes: Attributes,
  body?: Graph,
): Promise<number[][]> {
  const writer = new GraphWriter();
  const leaves = inputs.map((input) => writer.leaf(input));
  const tuple = writer.node(
    op,
    leaves,
    { shape: [], dtype: parts[0]?.dtype ?? "float32" },
    attributes,
    body ? { parts, body } : { parts },
  );
  const outputs = parts.map((part, index) => writer.node("part", [tuple], part, { index }));
  return runGraph(writer.graph(outputs), inputs);
}

export async function runGraph(graph: Graph, inputs: readonly Value[], backend: Backend = cpu()): Promise<number[][]> {
  const program = await backend.compile(graph);
  const result = await program.run(inputs.map((input) => backend.upload(input.data, input.shape, input.dtype)));
  return Promise.all(
    [...result.outputs, ...result.updates].map(async (buffer) => Array.from(await backend.download(buffer))),
  );
}
