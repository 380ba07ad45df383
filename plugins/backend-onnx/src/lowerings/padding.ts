import type { Shape } from "@ansatz/core";
import type { GraphBuilder } from "../model/graph-builder.ts";

/**
 * Puts `interior[axis]` fill values between neighbours. An axis of n elements becomes n rows of one element, each row
 * is padded at its end, the rows are joined, and the fill values after the last element are cut off.
 */
export function interleave(
  onnx: GraphBuilder,
  x: string,
  shape: Shape,
  interior: readonly number[],
  fill: string,
): string {
  const current = [...shape];
  let result = x;
  interior.forEach((gap, axis) => {
    const length = current[axis] ?? 1;
    if (gap === 0 || length === 1) return;
    const [outer, inner] = [current.slice(0, axis), current.slice(axis + 1)];
    const rows = onnx.reshape(result, [...outer, length, 1, ...inner]);
    const none = Array.from({ length: current.length + 1 }, () => 0);
    const padded = onnx.op("Pad", [
      rows,
      onnx.vector([...none, ...none.map((_, i) => (i === axis + 1 ? gap : 0))]),
      fill,
    ]);
    const line = onnx.reshape(padded, [...outer, length * (gap + 1), ...inner]);
    const end = length + (length - 1) * gap;
    result = onnx.op("Slice", [line, onnx.vector([0]), onnx.vector([end]), onnx.vector([axis])]);
    current[axis] = end;
  });
  return result;
}
