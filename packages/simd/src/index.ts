export { isElementwise } from "./elementwise.ts";
export { engine, type Memory } from "./engine.ts";
export { type Access, constant, type Expression, type Operand, type Step } from "./expression.ts";
export { fuse } from "./fuse.ts";
export { type Kernel, Kernels, type MatrixKernel } from "./kernels.ts";
export { isConstant, stepsOf } from "./steps.ts";
