import type { Attributes } from "../contract/backend.ts";
import { scanAttributes } from "./scan-node.ts";
import { Closure } from "../graph/closure.ts";
import type { TensorType } from "../contract/dtype.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * A scan as it is run: every scan of the same body over the same inputs together, with just the results that are used.
 */
export interface MergedScan {
  readonly representative: Tensor;
  readonly closure: Closure;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly parts: readonly TensorType[];
  /** The position of a used result among `parts`. */
  partOf(part: Tensor): number;
}

/**
 * Merges the scans among reachable tensors. The gradient of a scan asks the forward scan for more results: this makes
 * both one loop.
 */
export function gatherScans(reachable: readonly Tensor[]): Map<Tensor, MergedScan> {
  const groups = new Map<string, { scans: Set<Tensor>; used: Tensor[] }>();
  const keyOf = (scan: Tensor) => {
    const { captured } = scanAttributes(scan.node);
    const body = scan.node.body!;
    return (
      [...body.placeholders, ...scan.node.inputs.slice(captured)].map((x) => x.node.id).join() +
      `|${String(scan.node.attributes.reverse)}`
    );
  };
  for (const tensor of reachable) {
    const scan = tensor.node.op.name === "part" ? tensor.node.inputs[0]! : tensor;
    if (scan.node.op.name !== "scan") continue;
    const key = keyOf(scan);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { scans: new Set(), used: [] }));
    group.scans.add(scan);
    if (scan !== tensor) group.used.push(tensor);
  }
  const merged = new Map<Tensor, MergedScan>();
  for (const { scans, used } of groups.values()) {
    const scan = merge([...scans], used);
    for (const member of scans) merged.set(member, scan);
  }
  return merged;
}

function merge(scans: readonly Tensor[], used: readonly Tensor[]): MergedScan {
  const first = scans[0]!;
  const { captured, carries, sequences, length, reverse } = scanAttributes(first.node);
  const carryOutputs = first.node.body!.outputs.slice(0, carries);
  const stacked: Tensor[] = [];
  const stackedTypes: TensorType[] = [];
  for (const part of used) {
    const index = part.node.attributes.index as number;
    if (index < carries) continue;
    const output = part.node.inputs[0]!.node.body!.outputs[index]!;
    if (stacked.includes(output)) continue;
    stacked.push(output);
    stackedTypes.push({ shape: part.shape, dtype: part.dtype });
  }
  const closure = new Closure(first.node.body!.placeholders, [...carryOutputs, ...stacked]);
  return {
    representative: first,
    closure,
    inputs: [...closure.captured, ...first.node.inputs.slice(captured)],
    attributes: { captured: closure.captured.length, carries, sequences, length, reverse },
    parts: [...first.node.parts!.slice(0, carries), ...stackedTypes],
    partOf(part) {
      const index = part.node.attributes.index as number;
      return index < carries ? index : carries + stacked.indexOf(part.node.inputs[0]!.node.body!.outputs[index]!);
    },
  };
}
