import { Tensor, type TensorLike } from "../graph/tensor.ts";
import * as activation from "./elementwise/activation.ts";
import * as arithmetic from "./elementwise/arithmetic.ts";
import * as cast from "./elementwise/cast.ts";
import * as logic from "./elementwise/logic.ts";
import * as transcendental from "./elementwise/transcendental.ts";
import * as movement from "./layout/movement.ts";
import * as indexing from "./layout/indexing.ts";
import * as ordering from "./layout/ordering.ts";
import * as rearrange from "./layout/rearrange.ts";
import * as attention from "./product/attention.ts";
import * as convolution from "./product/convolution.ts";
import * as matmul from "./product/matmul.ts";
import * as raggedMatmul from "./product/ragged-matmul.ts";
import * as pooling from "./product/pooling.ts";
import * as loss from "./reduction/loss.ts";
import * as normalization from "./reduction/normalization.ts";
import * as reduction from "./reduction/reduction.ts";

/** The modules whose functions take a tensor first: all of those but a derivative are methods of it. */
type Families = typeof activation &
  typeof arithmetic &
  typeof cast &
  typeof logic &
  typeof transcendental &
  typeof movement &
  typeof indexing &
  typeof ordering &
  typeof rearrange &
  typeof attention &
  typeof convolution &
  typeof matmul &
  typeof raggedMatmul &
  typeof pooling &
  typeof loss &
  typeof normalization &
  typeof reduction;

type Method<F> = F extends (x: TensorLike, ...rest: infer Rest) => infer R ? (...rest: Rest) => R : never;

/** Ops as methods of a tensor, which is their first operand: `x.add(y)` is `add(x, y)`. */
export type TensorMethods = {
  readonly [Name in keyof Families as Exclude<Name, "geluGradient">]: Method<Families[Name]>;
};

type TensorFirst = Readonly<Record<string, (x: TensorLike, ...rest: never[]) => unknown>>;

const families: readonly TensorFirst[] = [
  activation,
  arithmetic,
  cast,
  logic,
  transcendental,
  movement,
  indexing,
  ordering,
  rearrange,
  attention,
  convolution,
  matmul,
  raggedMatmul,
  pooling,
  loss,
  normalization,
  reduction,
];

/** Gives every tensor its methods. */
export function installMethods(): void {
  for (const [name, op] of families.flatMap((family) => Object.entries(family))) {
    if (name === "geluGradient") continue;
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
