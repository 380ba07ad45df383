export type { Attributes, AttributeValue, Backend, BackendBuffer, BackendMemory, Graph, GraphNode, GraphUpdate, Program, RunResult } from "./backend.ts";
export type { DType, Shape, TensorType, TypedArray } from "./dtype.ts";
export { allocate, bytesPerElement, dtypes, isFloating, sizeOf } from "./dtype.ts";
