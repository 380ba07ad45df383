import { installMethods } from "./ops/methods.ts";

export { type DType, type Shape, type TypedArray } from "./dtype.ts";
export {
  AnsatzError,
  ArgumentError,
  BackendError,
  DisposedError,
  DTypeError,
  GradientError,
  ShapeError,
  StaleReadError,
  StateError,
} from "./errors.ts";
export { buffer, Cell, discardPending, Parameter, parameter } from "./cell.ts";
export { compile } from "./compile.ts";
export { memory, use } from "./current.ts";
export { checkpoint, customGradient, type CustomGradient } from "./custom-gradient.ts";
export { grad, hvp, jvp, mapGradients, stopGradient, valueAndGrad, vjp } from "./gradient.ts";

export { input, tensor, type TensorOptions } from "./leaf.ts";

export { Module, type StateDict, type TensorData } from "./module.ts";

export {
  Optimizer,
  type Group,
  type OptimizerOptions,
  type OptimizerState,
  type RuledGroup,
  type Setting,
  type Settings,
} from "./optimizer.ts";

export {
  bernoulli,
  categorical,
  normal,
  permutation,
  randomBits,
  randomIntegers,
  truncatedNormal,
  uniform,
  type NormalOptions,
} from "./random/draw.ts";
export { key, RandomKey, RandomStream, type RandomState } from "./random/key.ts";

export { realize } from "./realize.ts";
export { scan, type ScanOptions } from "./scan.ts";
export type { Schedule } from "./schedule.ts";

export { Tensor, type NestedArray, type TensorLike } from "./tensor.ts";

export { elu, gelu, leakyRelu, relu, silu, softplus } from "./ops/activation.ts";
export * from "./ops/arithmetic.ts";
export { attention, type AttentionOptions } from "./ops/attention.ts";
export { cast } from "./ops/cast.ts";
export { convolution, type ConvolutionOptions } from "./ops/convolution.ts";
export { arange, eye, full, iota, ones, onesLike, zeros, zerosLike, type CreationOptions } from "./ops/creation.ts";
export { einsum } from "./ops/einsum.ts";

export {
  causalMask,
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  oneHot,
  scatterAdd,
  scatterAddAlongAxis,
  takeAlongAxis,
  type Starts,
} from "./ops/indexing.ts";
export {
  broadcastTo,
  concat,
  expandDims,
  flatten,
  flip,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  transpose,
  type SliceRange,
} from "./ops/layout.ts";
export * from "./ops/logic.ts";
export { softmaxCrossEntropy } from "./ops/loss.ts";
export { matmul } from "./ops/matmul.ts";
export { layerNorm, logSoftmax, rmsNormalize, softmax } from "./ops/normalization.ts";
export { cumsum, sort, topK, type Sorted } from "./ops/ordering.ts";
export { averagePool, maxPool, type PoolingOptions } from "./ops/pooling.ts";
export { rearrange } from "./ops/rearrange.ts";
export {
  all,
  any,
  argmax,
  argmin,
  logSumExp,
  max,
  mean,
  min,
  norm,
  prod,
  sum,
  variance,
  type ReductionOptions,
} from "./ops/reduction.ts";
export * from "./ops/transcendental.ts";

installMethods();
