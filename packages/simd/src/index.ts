export { isElementwise } from "./elementwise.ts";
export { webAssembly, type KernelMemory } from "./web-assembly.ts";
export { type Access, constantOperand, type Expression, type Operand, type ExpressionStep } from "./expression.ts";
export { fuse } from "./fuse.ts";
export { type ElementwiseKernel, SimdKernels, type MatrixKernel } from "./kernels.ts";
export { isConstant, stepsOf } from "./steps.ts";
