import { full, greater, Module, mul, parameter, reshape, where, type Parameter, type Tensor } from "@ansatz/core";

/**
 * Rectified linear unit with a learned slope: x if x > 0, otherwise a x. He, Zhang, Ren & Sun 2015, arXiv:1502.01852.
 *
 * One slope, or one for each channel (axis 1). `slope` is its initial value. Default: 0.25.
 *
 * @example new PReLU().forward(tensor([-4, 2]))  // [-1, 2]
 */
export class PReLU extends Module {
  readonly weight: Parameter; // a  [channels]

  constructor(channels = 1, options: { readonly slope?: number } = {}) {
    super();
    this.weight = parameter(full([channels], options.slope ?? 0.25));
  }

  forward(x: Tensor): Tensor {
    // [batch, channels, ...] -> the same
    const count = this.weight.shape[0]!;
    const slope =
      count === 1 ? this.weight.read() : reshape(this.weight, [count, ...Array.from({ length: x.rank - 2 }, () => 1)]);
    return where(greater(x, 0), x, mul(slope, x));
  }
}
