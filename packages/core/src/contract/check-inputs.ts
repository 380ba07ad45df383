import type { BackendBuffer, Graph } from "./backend.ts";
import type { TensorType } from "./dtype.ts";
import { BackendError } from "./errors.ts";
import { sameShape, showShape } from "./shape.ts";

/**
 * Checks the buffers that a program is about to run on against the graph that it was compiled from: how many there are,
 * and the backend, dtype and shape of each. A backend calls it first in `Program.run`.
 *
 * @throws BackendError that names the first buffer that does not fit
 */
export function checkInputs(graph: Graph, buffers: readonly BackendBuffer[], backend: string): void {
  if (buffers.length !== graph.inputs.length)
    throw new BackendError(
      `${backend}: the program takes ${graph.inputs.length} inputs but was given ${buffers.length}\n` +
        "  pass one buffer for each of Graph.inputs, in that order",
    );
  graph.inputs.forEach((node, position) => {
    const [expected, buffer] = [graph.nodes[node], buffers[position]];
    if (expected === undefined || buffer === undefined)
      throw new BackendError(
        `${backend}: input ${position} is malformed\n` +
          `  expected: ${expected === undefined ? `the graph has no node ${node}` : showType(expected)}\n` +
          `  given:    ${buffer === undefined ? "no buffer" : showType(buffer)}`,
      );
    if (buffer.backend !== backend)
      throw new BackendError(
        `${backend}: input ${position} is a buffer of backend "${buffer.backend}" (${showType(buffer)})\n` +
          "  download it there and upload it here",
      );
    if (buffer.dtype !== expected.dtype || !sameShape(buffer.shape, expected.shape))
      throw new BackendError(
        `${backend}: input ${position} does not fit the program\n` +
          `  expected: ${showType(expected)}\n` +
          `  given:    ${showType(buffer)}\n` +
          "  cast or reshape it, or compile the graph for this type",
      );
  });
}

function showType({ dtype, shape }: TensorType): string {
  return `${dtype} ${showShape(shape)}`;
}
