import type { TypedArray } from "@ansatz/core";
import type { Kernel, PartsKernel } from "@ansatz/core/plugin";
import { binaryOps } from "./binary.ts";
import { convolution } from "./convolution.ts";
import { creation } from "./creation.ts";
import { cumulative } from "./cumulative.ts";
import { dynamic } from "./dynamic.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { anything, type PlainOps } from "./kernel.ts";
import { layout } from "./layout.ts";
import { products } from "./matmul.ts";
import { raggedProducts } from "./ragged-matmul.ts";
import { reductions } from "./reduction.ts";
import { selection } from "./selection.ts";
import { sorting } from "./sorting.ts";

/** Every op, by family. */
const ops: PlainOps = {
  ...creation,
  ...elementwise,
  ...binaryOps,
  ...selection,
  ...reductions,
  ...cumulative,
  ...products,
  ...raggedProducts,
  ...layout,
  ...indexing,
  ...dynamic,
  ...sorting,
  ...convolution,
};

export const kernels: Record<string, Kernel<TypedArray>> = {};
export const partsKernels: Record<string, PartsKernel<TypedArray>> = {};
for (const [name, op] of Object.entries(ops)) {
  if ("kernel" in op) kernels[name] = op.kernel;
  else partsKernels[name] = op.partsKernel;
}

/** The ops that core's interpreter runs itself. */
const interpreted = ["leaf", "part", "scan"];

/** The dtypes that an op runs on: of its first input, or of its result if it has no input. */
export function dtypesOf(op: string): readonly string[] {
  if (interpreted.includes(op)) return anything;
  return Object.hasOwn(ops, op) ? (ops[op]?.dtypes ?? []) : [];
}
