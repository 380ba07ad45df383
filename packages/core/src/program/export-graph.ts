import type { Backend, Graph } from "../contract/backend.ts";
import { isCell } from "../graph/cell.ts";
import { leaf } from "../graph/leaf.ts";
import { lower } from "./lower.ts";
import { planOf } from "./plan.ts";
import type { TensorType } from "../contract/dtype.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leavesOf, type Tree } from "../graph/tree.ts";

/** A function as a graph: its arguments first among the inputs, then every parameter and other value that it reads. */
export interface TracedGraph {
  readonly graph: Graph;
  /** How many of the graph's inputs are arguments. */
  readonly argumentCount: number;
  /** The other inputs, in order: tensors whose values the exporter may store. */
  readonly constants: readonly Tensor[];
}

/** Writes an inference function down as a graph, for exporters. */
export function traceGraph(
  fn: (...inputs: Tensor[]) => Tree,
  types: readonly TensorType[],
  backend: Pick<Backend, "name" | "supports">,
): TracedGraph {
  const placeholders = types.map(({ shape, dtype }) => leaf(shape, dtype));
  const outputs = leavesOf(fn(...placeholders)).map((x) => (isCell(x) ? x.read() : x));
  const constants = planOf(outputs, []).leaves.filter((x) => !placeholders.includes(x));
  return {
    graph: lower(outputs, [], [...placeholders, ...constants], backend),
    argumentCount: placeholders.length,
    constants,
  };
}
