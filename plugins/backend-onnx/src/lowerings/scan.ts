import { flagAttribute, numberAttribute, type Graph, type TensorType } from "@ansatz/core/plugin";
import { elementTypeOf } from "../model/element-type.ts";
import { malformed } from "../malformed.ts";
import type { NamedValue } from "../model/graph-builder.ts";
import { anything, type Lowering, type LoweringTable, on } from "../model/lowering.ts";

/** A loop. Its body refers to captured values by their outer names, which is cheaper than carrying them. */
const scan: Lowering = ({ onnx, node, inputs, lowerGraph }) => {
  const { body } = node;
  if (body === undefined) throw malformed("a scan has no body");
  const [captured, carries, sequences] = [
    numberAttribute(node, "captured"),
    numberAttribute(node, "carries"),
    numberAttribute(node, "sequences"),
  ];
  const inside = onnx.subgraph();
  const own: NamedValue[] = body.inputs.slice(captured).map((index) => named(inside.name(), typeAt(body, index)));
  const scanned = inputs.slice(captured);
  if (sequences === 0) {
    // Scan takes its length from a sequence, so a loop without sequences gets one.
    scanned.push(onnx.op("Expand", [onnx.fill("float32", 0), onnx.vector([numberAttribute(node, "length")])]));
    own.push({ name: inside.name(), type: "float32", shape: [] });
  }
  const results = inside.distinct(
    lowerGraph(body, inside, [...inputs.slice(0, captured), ...own.map(({ name }) => name)]),
  );
  const outputs = results.map((name, i) => named(name, typeAt(body, body.outputs[i] ?? -1)));
  const reverse = flagAttribute(node, "reverse") ? 1 : 0;
  const directions = (count: number): number[] => Array.from({ length: count }, () => reverse);
  const stacked = outputs.length - carries;
  return onnx.multi("Scan", scanned, outputs.length, {
    body: inside.finish(own, outputs),
    num_scan_inputs: Math.max(1, sequences),
    scan_input_directions: directions(Math.max(1, sequences)),
    ...(stacked > 0 ? { scan_output_directions: directions(stacked) } : {}),
  });
};

function named(name: string, { dtype, shape }: TensorType): NamedValue {
  return { name, type: elementTypeOf(dtype), shape };
}

function typeAt(graph: Graph, index: number): TensorType {
  const node = graph.nodes[index];
  if (node === undefined) throw malformed(`the body of a scan has no node ${index}`);
  return node;
}

export const loops: LoweringTable = { scan: on(anything, scan) };
