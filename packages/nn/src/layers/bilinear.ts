import { add, einsum, Module, parameter, uniform, type Parameter, type Tensor } from "@ansatz/core";
import { streamOf, type RandomSource } from "../random-source.ts";

/**
 * A bilinear form of two inputs: yₖ = x₁ᵀ Wₖ x₂ + bₖ, over the last axes.
 *
 * @example new Bilinear(3, 4, 2).forward(zeros([5, 3]), zeros([5, 4])).shape  // [5, 2]
 */
export class Bilinear extends Module {
  readonly weight: Parameter; // W  [outputs, left, right]
  readonly bias: Parameter | undefined; // b  [outputs]

  constructor(
    left: number,
    right: number,
    outputs: number,
    options: { readonly bias?: boolean; readonly random?: RandomSource } = {},
  ) {
    super();
    const random = streamOf(options.random);
    const bound = 1 / Math.sqrt(left);
    const start = (shape: readonly number[]): Parameter =>
      parameter(uniform(random.next(), shape, { low: -bound, high: bound }));
    this.weight = start([outputs, left, right]);
    this.bias = options.bias === false ? undefined : start([outputs]);
  }

  forward(left: Tensor, right: Tensor): Tensor {
    // [batch, left], [batch, right] -> [batch, outputs]
    const y = einsum("bi,oij,bj->bo", left, this.weight, right);
    return this.bias === undefined ? y : add(y, this.bias);
  }
}
