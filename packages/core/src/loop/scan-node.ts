import type { Attributes, GraphNode } from "../contract/backend.ts";
import type { Closure } from "../graph/closure.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import type { Tensor } from "../graph/tensor.ts";

/** What a scan is: in numbers. */
export interface ScanAttributes {
  readonly captured: number;
  readonly carries: number;
  readonly sequences: number;
  readonly length: number;
  readonly reverse: boolean;
}

/** The attributes of a scan. */
export function scanAttributes({ attributes }: Pick<GraphNode, "attributes">): ScanAttributes {
  return attributes as Attributes & ScanAttributes;
}

/** Records a loop of a given body. `sequences` have the steps along their first axis. */
export function recordScan(
  op: OpDefinition,
  body: Closure,
  carries: readonly Tensor[],
  sequences: readonly Tensor[],
  length: number,
  reverse: boolean,
): Tensor {
  const attributes: ScanAttributes = {
    captured: body.captured.length,
    carries: carries.length,
    sequences: sequences.length,
    length,
    reverse,
  };
  return record(op, [...body.captured, ...carries, ...sequences], { ...attributes }, body);
}
