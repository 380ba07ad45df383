import { flagAttribute, numberAttribute, type TensorType } from "@ansatz/core/plugin";
import type { GraphBuilder } from "../model/graph-builder.ts";
import { elementTypeOf } from "../model/element-type.ts";
import { type Lowering, type LoweringTable, signed, on, operand, type Site, typeOf } from "../model/lowering.ts";

interface Order {
  readonly length: number;
  readonly taken: number;
  readonly largest: boolean;
}

/** The first elements in sorted order and their positions (int64). Equal elements keep their order. */
function take(
  onnx: GraphBuilder,
  x: string,
  taken: number,
  largest: boolean,
): readonly [values: string, positions: string] {
  return onnx.multi("TopK", [x, onnx.vector([taken])], 2, { axis: -1, largest, sorted: 1 }) as readonly [
    string,
    string,
  ];
}

/**
 * The same for values with NaN, which count as the largest. They are first sorted as infinities, and then sorted again
 * by whether they are NaN.
 */
function takeWithNaN(
  onnx: GraphBuilder,
  x: string,
  { length, taken, largest }: Order,
): readonly [values: string, positions: string] {
  const finite = onnx.op("Where", [onnx.op("IsNaN", [x]), onnx.scalar("float32", Number.POSITIVE_INFINITY), x]);
  const [, byValue] = take(onnx, finite, length, largest);
  const isNaN = onnx.cast(onnx.op("IsNaN", [onnx.op("GatherElements", [x, byValue], { axis: -1 })]), "float32");
  const [, byKind] = take(onnx, isNaN, taken, largest);
  const positions = onnx.op("GatherElements", [byValue, byKind], { axis: -1 });
  return [onnx.op("GatherElements", [x, positions], { axis: -1 }), positions];
}

function ordered(site: Site, order: Order): readonly [values: string, positions: string] {
  const { onnx, node } = site;
  const x = operand(site, 0);
  if (typeOf(site, 0).dtype !== "float32") return asParts(onnx, take(onnx, x, order.taken, order.largest));
  const isNaN = onnx.op("IsNaN", [onnx.reshape(x, [-1])]);
  const { shape } = (node.parts as readonly TensorType[])[0]!;
  const types = [{ type: elementTypeOf("float32"), shape } as const, { type: "int64", shape } as const];
  return asParts(
    onnx,
    onnx.multi("If", [onnx.op("ReduceMax", [isNaN], { keepdims: 0 })], 2, {
      then_branch: onnx.branch((inside) => takeWithNaN(inside, x, order), types),
      else_branch: onnx.branch((inside) => take(inside, x, order.taken, order.largest), types),
    }) as readonly [string, string],
  );
}

function asParts(onnx: GraphBuilder, [values, positions]: readonly [string, string]): readonly [string, string] {
  return [values, onnx.cast(positions, "int32")];
}

const sort: Lowering = (site) => {
  const length = typeOf(site, 0).shape.at(-1) ?? 1;
  return ordered(site, { length, taken: length, largest: flagAttribute(site.node, "descending") });
};

const topK: Lowering = (site) =>
  ordered(site, { length: typeOf(site, 0).shape.at(-1) ?? 1, taken: numberAttribute(site.node, "k"), largest: true });

/** Sorting, and running sums along an axis. */
export const ordering: LoweringTable = {
  sort: on(signed, sort),
  topK: on(signed, topK),
  cumsum: on(signed, (site) =>
    site.onnx.op("CumSum", [operand(site, 0), site.onnx.scalar("int64", numberAttribute(site.node, "axis"))]),
  ),
};
