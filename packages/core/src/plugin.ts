/** What the authors of ops, backends, update rules and conformance suites need besides `@ansatz/core`. */
import { install } from "./install.ts";

export {
  flagAttribute,
  numberAttribute,
  numbersAttribute,
  pairsAttribute,
  textAttribute,
} from "./contract/attributes.ts";
export type {
  Attributes,
  AttributeValue,
  Backend,
  BackendBuffer,
  BackendMemory,
  Graph,
  GraphNode,
  GraphUpdate,
  KernelTime,
  Program,
  ProgramProfile,
  RunResult,
} from "./contract/backend.ts";
export { checkInputs } from "./contract/check-inputs.ts";
export { defaultDType } from "./contract/default-dtype.ts";
export { allocate, bytesPerElement, dtypes, isFloating, sizeOf, type TensorType } from "./contract/dtype.ts";
export { nearest, warnOnce } from "./contract/errors.ts";
export {
  interpret,
  type InterpretedGraph,
  type InterpretedResult,
  type Kernel,
  type KernelDevice,
  type PartsKernel,
} from "./contract/interpreter.ts";
export { broadcastShapes, normalizeAxes, normalizeAxis, sameShape, showShape } from "./contract/shape.ts";
export { barrier } from "./gradient/checkpoint.ts";
export { watchGradients, type GradientWatcher } from "./gradient/watch-gradients.ts";
export { isCell, isParameter } from "./graph/cell.ts";
export { defineOp, record, type GradientRule, type OpDefinition, type OpDescription } from "./graph/op.ts";
export { part, partsOf } from "./graph/part.ts";
export { isTensor } from "./graph/tensor.ts";
export { leavesOf, mapTree, type MapTree, type Tree } from "./graph/tree.ts";
export { geluGradient } from "./ops/elementwise/activation.ts";
export { binary, promoteTypes, toTensor, unary, withOp, type OpFunction } from "./ops/family.ts";
export { opNames } from "./ops/table.ts";
export { traceGraph } from "./program/export-graph.ts";
export { originOf } from "./program/origins.ts";
export { defaultStream } from "./random/default-stream.ts";
export { threefry2x32 } from "./random/threefry.ts";
export { disposeReplaced } from "./run/dispose-replaced.ts";
export { watchRuns, type PendingRun, type RunWatcher } from "./run/watch-runs.ts";
export { isModule, moduleTree, type ModuleNode } from "./training/module-tree.ts";
export {
  updateRule,
  type AnyUpdateRule,
  type HyperOf,
  type UpdateContext,
  type UpdateResult,
  type UpdateRule,
} from "./training/update-rule.ts";

install();
