import { install } from "./install.ts";

// Tensors and errors
export { withDType, type FloatingDType } from "./contract/default-dtype.ts";
export { type DType, type Shape, type TypedArray } from "./contract/dtype.ts";
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
} from "./contract/errors.ts";
export { buffer, Cell, discardPending, Parameter, parameter } from "./graph/cell.ts";
export { input, integers, tensor, type TensorOptions } from "./graph/leaf.ts";
export { Tensor, type NestedArray, type TensorLike } from "./graph/tensor.ts";

// Random draws
export { seed } from "./random/default-stream.ts";
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

// Gradients and loops
export { checkpoint } from "./gradient/checkpoint.ts";
export { customGradient, type CustomGradient } from "./gradient/custom-gradient.ts";
export {
  grad,
  hvp,
  jvp,
  mapGradients,
  stopGradient,
  valueAndGrad,
  vjp,
  type GradientOptions,
} from "./gradient/gradient.ts";
export { scan, type ScanOptions } from "./loop/scan.ts";

// Many processes
export { alone, type Communicator } from "./contract/communicator.ts";
export { meanOverRanks } from "./gradient/mean-over-ranks.ts";
export { shareOfRank } from "./gradient/share-of-rank.ts";

// Running
export { compile } from "./run/compile.ts";
export { memory, use } from "./run/current.ts";
export { realize } from "./run/realize.ts";

// Models and training
export { Module, type StateDict, type StateMismatch, type TensorData } from "./training/module.ts";
export { Optimizer, type OptimizerState } from "./training/optimizer.ts";
export type { Schedule } from "./training/schedule.ts";
export type { Group, NumberOrSchedule, OptimizerOptions, RuledGroup, Settings } from "./training/settings.ts";

// Ops
export { full, ones, onesLike, zeros, zerosLike, type CreationOptions } from "./ops/creation.ts";
export { elu, gelu, leakyRelu, relu, silu, softplus } from "./ops/elementwise/activation.ts";
export * from "./ops/elementwise/arithmetic.ts";
export { cast } from "./ops/elementwise/cast.ts";
export * from "./ops/elementwise/logic.ts";
export * from "./ops/elementwise/transcendental.ts";
export {
  broadcastTo,
  expandDims,
  flatten,
  flip,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  transpose,
  type SliceRange,
} from "./ops/layout/movement.ts";
export {
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  oneHot,
  scatterAdd,
  scatterAddAlongAxis,
  takeAlongAxis,
  type Starts,
} from "./ops/layout/indexing.ts";
export { concat, stack } from "./ops/layout/joining.ts";
export { cumsum, sort, topK, type Sorted } from "./ops/layout/ordering.ts";
export { rearrange } from "./ops/layout/rearrange.ts";
export { attention, attentionWeights, type AttentionOptions } from "./ops/product/attention.ts";
export { convolution, type ConvolutionOptions } from "./ops/product/convolution.ts";
export { einsum } from "./ops/product/einsum.ts";
export { matmul } from "./ops/product/matmul.ts";
export { raggedContraction, raggedMatmul } from "./ops/product/ragged-matmul.ts";
export { averagePool, maxPool, type PoolingOptions } from "./ops/product/pooling.ts";
export { arange, causalMask, eye, iota } from "./ops/ranges.ts";
export { softmaxCrossEntropy } from "./ops/reduction/loss.ts";
export { layerNorm, logSoftmax, rmsNormalize, softmax } from "./ops/reduction/normalization.ts";
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
} from "./ops/reduction/reduction.ts";

install();
