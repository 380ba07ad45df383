import {
  add,
  ArgumentError,
  mean,
  Module,
  mul,
  ones,
  parameter,
  reshape,
  rsqrt,
  ShapeError,
  square,
  sub,
  zeros,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

/**
 * Group normalization: layer normalization over each group of channels and all of space. Wu & He 2018,
 * arXiv:1803.08494.
 *
 * x is [batch, channels, ...space]. One group takes all channels together; as many groups as channels make it instance
 * normalization.
 *
 * @throws ArgumentError if the groups do not divide the channels; ShapeError if axis 1 does not have `channels`
 * elements
 * @example new GroupNorm(1, 2, { epsilon: 0 }).forward(tensor([[1, 3]]))  // [[-1, 1]]
 */
export class GroupNorm extends Module {
  readonly groups: number;
  readonly weight: Parameter; // γ  [channels]
  readonly bias: Parameter; // β  [channels]
  readonly options: { readonly epsilon?: number };

  constructor(groups: number, channels: number, options: { readonly epsilon?: number } = {}) {
    super();
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
      throw new ArgumentError(
        `GroupNorm: ${groups} groups do not divide ${channels} channels\n  use a number that does`,
      );
    this.groups = groups;
    this.options = options;
    this.weight = parameter(ones([channels]));
    this.bias = parameter(zeros([channels]));
  }

  forward(x: Tensor): Tensor {
    // [batch, channels, ...space] -> the same
    const [channels] = this.weight.shape as [number];
    if (x.rank < 2 || x.shape[1] !== channels)
      throw new ShapeError(`GroupNorm: x is ${showShape(x.shape)} but must be [batch, ${channels}, ...]`);
    const grouped = reshape(x, [x.shape[0]!, this.groups, -1]);
    const keep = { keepDims: true };
    const centred = sub(grouped, mean(grouped, -1, keep));
    const normal = reshape(
      mul(centred, rsqrt(add(mean(square(centred), -1, keep), this.options.epsilon ?? 1e-5))),
      x.shape,
    );
    const column = (value: Parameter): Tensor =>
      reshape(value, [channels, ...Array.from({ length: x.rank - 2 }, () => 1)]);
    return add(mul(normal, column(this.weight)), column(this.bias));
  }
}
