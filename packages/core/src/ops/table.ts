import * as activation from "./elementwise/activation.ts";
import * as arithmetic from "./elementwise/arithmetic.ts";
import * as attention from "./product/attention.ts";
import * as cast from "./elementwise/cast.ts";
import * as convolution from "./product/convolution.ts";
import * as creation from "./creation.ts";
import * as einsum from "./product/einsum.ts";
import * as indexing from "./layout/indexing.ts";
import * as layout from "./layout/movement.ts";
import * as joining from "./layout/joining.ts";
import * as logic from "./elementwise/logic.ts";
import * as loss from "./reduction/loss.ts";
import * as matmul from "./product/matmul.ts";
import * as normalization from "./reduction/normalization.ts";
import * as ordering from "./layout/ordering.ts";
import * as raggedMatmul from "./product/ragged-matmul.ts";
import * as ranges from "./ranges.ts";
import * as pooling from "./product/pooling.ts";
import * as reduction from "./reduction/reduction.ts";
import * as transcendental from "./elementwise/transcendental.ts";
import type { OpDefinition } from "../graph/op.ts";

const families = [
  activation,
  arithmetic,
  attention,
  cast,
  convolution,
  creation,
  einsum,
  indexing,
  joining,
  layout,
  logic,
  loss,
  matmul,
  normalization,
  ordering,
  pooling,
  raggedMatmul,
  ranges,
  reduction,
  transcendental,
];

/**
 * The names of core's ops, in alphabetical order: what a backend may be asked for, besides leaves, constants and scans.
 */
export function opNames(): readonly string[] {
  const names = families.flatMap((family) =>
    Object.values(family).flatMap((value: unknown) =>
      typeof value === "function" && "op" in value ? [(value.op as OpDefinition).name] : [],
    ),
  );
  return [...new Set(names)].toSorted();
}
