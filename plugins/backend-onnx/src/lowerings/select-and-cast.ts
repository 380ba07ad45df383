import type { DType } from "@ansatz/core";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { elementTypeOf } from "../model/element-type.ts";
import { anything, type Lowering, type LoweringTable, on, operand, typeOf } from "../model/lowering.ts";

/** onnxruntime's Where takes neither bool nor uint32: bools are selected by logic, uint32 as int64. */
const where: Lowering = (site) => {
  const { onnx } = site;
  const [condition, a, b] = [operand(site, 0), operand(site, 1), operand(site, 2)];
  switch (site.node.dtype) {
    case "bool": {
      const chosen = onnx.op("And", [condition, a]);
      return onnx.op("Or", [chosen, onnx.op("And", [onnx.op("Not", [condition]), b])]);
    }
    case "uint32":
      return onnx.cast(onnx.op("Where", [condition, onnx.cast(a, "int64"), onnx.cast(b, "int64")]), "uint32");
    default:
      return onnx.op("Where", [condition, a, b]);
  }
};

/**
 * Casts floats towards zero, clamped to the range of the integer type, and NaN to 0. C leaves these cases undefined, so
 * they are settled before the cast. The largest integers have no exact float32, so they are selected afterwards, as
 * int64.
 */
function integerOf(onnx: GraphBuilder, x: string, to: "int32" | "uint32"): string {
  const [least, below, beyond] =
    to === "int32" ? [-(2 ** 31), 2 ** 31 - 2 ** 7, 2 ** 31] : [0, 2 ** 32 - 2 ** 8, 2 ** 32];
  const finite = onnx.op("Where", [onnx.op("IsNaN", [x]), onnx.scalar("float32", 0), x]);
  const inside = onnx.cast(
    onnx.op("Clip", [finite, onnx.scalar("float32", least), onnx.scalar("float32", below)]),
    "int64",
  );
  const above = onnx.op("GreaterOrEqual", [x, onnx.scalar("float32", beyond)]);
  return onnx.cast(onnx.op("Where", [above, onnx.scalar("int64", beyond - 1), inside]), to);
}

const cast: Lowering = (site) => {
  const x = operand(site, 0);
  const from: DType = typeOf(site, 0).dtype;
  const to = elementTypeOf(site.node.dtype);
  if (from === to) return x;
  return from === "float32" && (to === "int32" || to === "uint32")
    ? integerOf(site.onnx, x, to)
    : site.onnx.cast(x, to);
};

/** Selection between values, and casts between dtypes. */
export const selectAndCast: LoweringTable = {
  where: on(anything, where),
  cast: on(anything, cast),
};
