export { indexCheck } from "./indexing.ts";
export { anything, at, type PlainOp, type PlainOps } from "./kernel.ts";
export { dtypesOf, kernels, partsKernels } from "./ops.ts";
