import type { Graph } from "@ansatz/core/plugin";

/**
 * The input whose memory the value of an update may be written to while the session runs: where the update replaces
 * rows of what it updates, and nothing else reads that. onnxruntime then writes the rows and copies nothing, which a
 * key-value cache would be for each token.
 */
export function writtenOver(graph: Graph, update: number): number | undefined {
  const { input, value } = graph.updates[update]!;
  const { op, inputs } = graph.nodes[value]!;
  const old = graph.inputs[input]!;
  if (op !== "dynamicUpdateSlice" || inputs[0] !== old || graph.outputs.includes(value)) return undefined;
  if (graph.updates.some((other, position) => position !== update && other.value === value)) return undefined;
  const reads = graph.nodes.reduce((count, node) => count + node.inputs.filter((index) => index === old).length, 0);
  return reads === 1 && !graph.outputs.includes(old) && graph.updates.every((one) => one.value !== old)
    ? input
    : undefined;
}
