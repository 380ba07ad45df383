import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as attention from "./attention.ts";
import * as cast from "./cast.ts";
import * as convolution from "./convolution.ts";
import * as creation from "./creation.ts";
import * as einsum from "./einsum.ts";
import * as indexing from "./indexing.ts";
import * as layout from "./layout.ts";
import * as logic from "./logic.ts";
import * as loss from "./loss.ts";
import * as matmul from "./matmul.ts";
import * as normalization from "./normalization.ts";
import * as ordering from "./ordering.ts";
import * as pooling from "./pooling.ts";
import * as reduction from "./reduction.ts";
import * as transcendental from "./transcendental.ts";
import type { OpDefinition } from "../op.ts";

const families = [
  activation,
  arithmetic,
  attention,
  cast,
  convolution,
  creation,
  einsum,
  indexing,
  layout,
  logic,
  loss,
  matmul,
  normalization,
  ordering,
  pooling,
  reduction,
  transcendental,
];

/** The names of core's ops, in alphabetical order: what a backend may be asked for, besides leaves, constants and scans. */
export function opNames(): readonly string[] {
  const names = families.flatMap((family) =>
    Object.values(family).flatMap((value: unknown) =>
      typeof value === "function" && "op" in value ? [(value.op as OpDefinition).name] : [],
    ),
  );
  return [...new Set(names)].toSorted();
}
