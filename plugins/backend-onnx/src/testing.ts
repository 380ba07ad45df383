import type { DType, Shape, TypedArray } from "@ansatz/core";
import type { Attributes, Backend, Graph, GraphNode, GraphUpdate, TensorType } from "@ansatz/core/plugin";

/** A value for a test. */
export interface Value extends TensorType {
  readonly data: TypedArray;
}

export const f32 = (shape: Shape, values: readonly number[]): Value => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});
export const i32 = (shape: Shape, values: readonly number[]): Value => ({
  shape,
  dtype: "int32",
  data: Int32Array.from(values),
});
export const u32 = (shape: Shape, values: readonly number[]): Value => ({
  shape,
  dtype: "uint32",
  data: Uint32Array.from(values),
});
export const bools = (shape: Shape, values: readonly number[]): Value => ({
  shape,
  dtype: "bool",
  data: Uint8Array.from(values),
});

/** Writes a graph node by node. A node is represented by its position. */
export class GraphWriter {
  readonly nodes: GraphNode[] = [];
  readonly inputs: number[] = [];

  leaf(shape: Shape, dtype: DType = "float32"): number {
    const index = this.op("leaf", [], {}, shape, dtype);
    this.inputs.push(index);
    return index;
  }

  constant(value: number, dtype: DType = "float32"): number {
    return this.op("constant", [], { value }, [], dtype);
  }

  op(op: string, inputs: readonly number[], attributes: Attributes, shape: Shape, dtype: DType = "float32"): number {
    return this.nodes.push({ op, inputs, attributes, shape, dtype }) - 1;
  }

  /** Adds an op with several results and returns the position of each. */
  parts(
    op: string,
    inputs: readonly number[],
    attributes: Attributes,
    parts: readonly TensorType[],
    body?: Graph,
  ): readonly number[] {
    const parent =
      this.nodes.push({ op, inputs, attributes, shape: [], dtype: "float32", parts, ...(body ? { body } : {}) }) - 1;
    return parts.map(({ shape, dtype }, index) => this.op("part", [parent], { index }, shape, dtype));
  }

  graph(outputs: readonly number[], updates: readonly GraphUpdate[] = []): Graph {
    return { nodes: this.nodes, inputs: this.inputs, outputs, updates };
  }
}

/** Runs a graph once on values. */
export async function evaluate(
  backend: Backend,
  graph: Graph,
  values: readonly Value[],
): Promise<readonly TypedArray[]> {
  const program = await backend.compile(graph);
  try {
    const buffers = values.map(({ data, shape, dtype }) => backend.upload(data, shape, dtype));
    const { outputs } = await program.run(buffers);
    const results = await Promise.all(outputs.map((buffer) => backend.download(buffer)));
    for (const buffer of [...buffers, ...outputs]) backend.free(buffer);
    return results;
  } finally {
    program.dispose();
  }
}

/** Runs one op on some values and returns its result, or all its parts, as plain numbers. */
export async function runOp(
  backend: Backend,
  op: string,
  values: readonly Value[],
  attributes: Attributes,
  result: TensorType | readonly TensorType[],
): Promise<readonly (readonly number[])[]> {
  const writer = new GraphWriter();
  const inputs = values.map(({ shape, dtype }) => writer.leaf(shape, dtype));
  const outputs =
    "shape" in result
      ? [writer.op(op, inputs, attributes, result.shape, result.dtype)]
      : writer.parts(op, inputs, attributes, result);
  const arrays = await evaluate(backend, writer.graph(outputs), values);
  return arrays.map((array) => Array.from(array));
}

/**
 * Describes the elements that differ from the expected ones by more than 10⁻⁵, relative to their size if it is above 1.
 */
export function mismatches(actual: ArrayLike<number> | undefined, expected: readonly number[]): readonly string[] {
  if (actual?.length !== expected.length) return [`${String(actual?.length)} elements instead of ${expected.length}`];
  return expected.flatMap((value, i) => {
    const found = actual[i] as number;
    const close = Number.isFinite(value)
      ? Math.abs(found - value) <= 1e-5 * Math.max(1, Math.abs(value))
      : Object.is(found, value);
    return close ? [] : [`element ${i} is ${found} instead of ${value}`];
  });
}
