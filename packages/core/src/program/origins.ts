import type { GraphNode } from "../contract/backend.ts";

const origins = new WeakMap<GraphNode, number>();

/** Notes the number of the recorded tensor that a node was written for. */
export function noteOrigin(node: GraphNode, tensor: number): void {
  origins.set(node, tensor);
}

/**
 * The number of the recorded tensor that a node of a program was written for: the tensor's own, or that of the
 * composite op or the call that was expanded into it. For profiles; the number is not part of the graph, so a program
 * is the same in every process.
 *
 * @example originOf({ op: "add", inputs: [], attributes: {}, shape: [], dtype: "float32" })  // undefined
 */
export function originOf(node: GraphNode): number | undefined {
  return origins.get(node);
}
