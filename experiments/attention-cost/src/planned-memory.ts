import type { Backend } from "@ansatz/core/plugin";
import { bytesPerElement, sizeOf, traceGraph, type Graph, type GraphNode } from "@ansatz/core/plugin";
import type { LayerOptions } from "./layers.ts";
import { trainingStep } from "./training-step.ts";

/** The planned memory of a training step, in MiB, beyond its inputs and weights. */
export function plannedMemory(options: LayerOptions, backend: Pick<Backend, "name" | "supports">): number {
  const types = [{ shape: [1, options.length, options.width], dtype: "float32" as const }];
  return peakBytes(traceGraph(trainingStep(options), types, backend).graph) / 2 ** 20;
}

/** Ops whose result is their first input in memory. */
const views = new Set(["reshape", "barrier"]);

/**
 * The most bytes that are alive at once if the nodes of a graph run in their order and each value is freed after its
 * last use. Inputs are not counted.
 */
export function peakBytes({ nodes, outputs }: Graph): number {
  const owners: number[] = []; // the node in whose memory a value is
  for (const [i, node] of nodes.entries()) owners.push(views.has(node.op) ? owners[node.inputs[0]!]! : i);
  const lastUse = nodes.map((_, i) => i);
  for (const [i, node] of nodes.entries()) for (const input of node.inputs) lastUse[owners[input]!] = i;
  for (const output of outputs) lastUse[owners[output]!] = nodes.length;
  const freed: number[][] = nodes.map(() => []);
  for (const [i, last] of lastUse.entries()) if (owners[i] === i) freed[last]?.push(i);
  let [alive, peak] = [0, 0];
  for (const [i, node] of nodes.entries()) {
    if (owners[i] === i) alive += bytesOf(node);
    peak = Math.max(peak, alive);
    for (const done of freed[i]!) alive -= bytesOf(nodes[done]!);
  }
  return peak;
}

function bytesOf({ op, shape, dtype }: GraphNode): number {
  return op === "leaf" ? 0 : sizeOf(shape) * bytesPerElement(dtype);
}
