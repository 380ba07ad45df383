export { indexCheck } from "./indexing.ts";
export { anything, at, type PlainOp, type PlainOps } from "./kernel.ts";
export { checkSizes } from "./ragged-matmul.ts";
export { dtypesOf, kernels, partsKernels } from "./ops.ts";
