import { Tensor, type TensorLike } from "../graph/tensor.ts";
import * as activation from "./elementwise/activation.ts";
import * as arithmetic from "./elementwise/arithmetic.ts";
import { cast } from "./elementwise/cast.ts";
import { gather } from "./layout/indexing.ts";
import * as layout from "./layout/axes.ts";
import { matmul } from "./product/matmul.ts";
import { logSoftmax, softmax } from "./reduction/normalization.ts";
import * as reduction from "./reduction/reduction.ts";
import * as transcendental from "./elementwise/transcendental.ts";
import * as logic from "./elementwise/logic.ts";

const { add, sub, mul, div, pow, neg, abs, sign, square, sqrt, clamp } = arithmetic;
const { exp, log, tanh, sigmoid } = transcendental;
const { sum, mean, max, min, prod, argmax, argmin, variance, norm } = reduction;
const { reshape, transpose, broadcastTo, slice, flip, expandDims, squeeze, flatten } = layout;
const { equal, notEqual, less, lessEqual, greater, greaterEqual, not } = logic;
const { relu, gelu } = activation;

/** The ops that are methods, too: `x.add(y)` is `add(x, y)`. */
const methods = {
  add,
  sub,
  mul,
  div,
  pow,
  neg,
  abs,
  sign,
  square,
  sqrt,
  clamp,
  exp,
  log,
  tanh,
  sigmoid,
  relu,
  gelu,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  not,
  sum,
  mean,
  max,
  min,
  prod,
  argmax,
  argmin,
  variance,
  norm,
  softmax,
  logSoftmax,
  matmul,
  reshape,
  transpose,
  broadcastTo,
  slice,
  flip,
  expandDims,
  squeeze,
  flatten,
  gather,
  cast,
};

type Method<F> = F extends (x: TensorLike, ...rest: infer Rest) => infer R ? (...rest: Rest) => R : never;

/** Ops as methods of a tensor, which is their first operand. */
export type TensorMethods = { readonly [Name in keyof typeof methods]: Method<(typeof methods)[Name]> };

/** Gives every tensor its methods. */
export function installMethods(): void {
  for (const [name, op] of Object.entries(methods)) {
    const call = op as (x: Tensor, ...rest: unknown[]) => unknown;
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      writable: true,
      value(this: Tensor, ...rest: unknown[]) {
        return call(this, ...rest);
      },
    });
  }
}
