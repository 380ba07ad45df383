import {
  add,
  buffer,
  type Cell,
  lerp,
  mean,
  Module,
  mul,
  ones,
  parameter,
  reshape,
  rsqrt,
  ShapeError,
  square,
  stopGradient,
  sub,
  zeros,
  type Parameter,
  type StateDict,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

export interface BatchNormOptions {
  readonly epsilon?: number;
  /** The share of each batch in the running statistics; 0.1 unless given. */
  readonly momentum?: number;
}

/**
 * Batch normalisation over all axes but axis 1: y = (x − mean) / √(variance + ε) ⊙ γ + β. Ioffe & Szegedy 2015,
 * arXiv:1502.03167.
 *
 * x is [batch, features], or [batch, features, ...space]: PyTorch's BatchNorm1d and 2d. In training mean and variance
 * are the batch's, and the running ones move towards them (the variance unbiased) with the next `realize`; in
 * evaluation they are the running ones.
 *
 * @throws ShapeError when axis 1 is not as long as the features, or a batch in training has one element for each of
 * them
 * @example new BatchNorm(2, { epsilon: 0 }).forward(tensor([[1, 0], [3, 4]]))  // [[-1, -1], [1, 1]]
 */
export class BatchNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter; // β  [features]
  readonly running_mean: Cell; // [features]
  readonly running_var: Cell; // [features]
  readonly options: BatchNormOptions;

  constructor(features: number, options: BatchNormOptions = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
    this.running_mean = buffer(zeros([features]));
    this.running_var = buffer(ones([features]));
  }

  forward(x: Tensor): Tensor {
    // [batch, features, ...] -> the same
    const [features] = this.weight.shape as [number];
    if (x.rank < 2 || x.shape[1] !== features)
      throw new ShapeError(`BatchNorm: x is ${showShape(x.shape)} but must be [batch, ${features}, ...]`);
    const column = (value: Parameter | Cell | Tensor): Tensor =>
      reshape(value, [features, ...Array.from({ length: x.rank - 2 }, () => 1)]);
    const { mean: centre, variance } = this.training
      ? this.#statistics(x)
      : { mean: this.running_mean.read(), variance: this.running_var.read() };
    const scale = mul(rsqrt(add(variance, this.options.epsilon ?? 1e-5)), this.weight);
    return add(mul(sub(x, column(centre)), column(scale)), column(this.bias));
  }

  /** Mean and variance of a batch, which the running ones move towards. */
  #statistics(x: Tensor): { readonly mean: Tensor; readonly variance: Tensor } {
    const axes = Array.from({ length: x.rank }, (_, i) => i).filter((i) => i !== 1);
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    if (count < 2)
      throw new ShapeError(
        `BatchNorm: one element for each feature has no variance\n  x: ${showShape(x.shape)}\n  use a larger batch, or eval()`,
      );
    const centre = mean(x, axes, { keepDims: true });
    const variance = mean(square(sub(x, centre)), axes);
    const { momentum = 0.1 } = this.options;
    const flat = reshape(centre, [x.shape[1]!]);
    this.running_mean.assign(stopGradient(lerp(this.running_mean, flat, momentum)));
    this.running_var.assign(stopGradient(lerp(this.running_var, mul(variance, count / (count - 1)), momentum)));
    return { mean: flat, variance };
  }

  /** PyTorch counts batches besides, for averages that are not exponential. */
  toPyTorch(state: StateDict): StateDict {
    return { ...state, num_batches_tracked: { shape: [], dtype: "int32", data: Int32Array.of(0) } };
  }

  fromPyTorch({ num_batches_tracked: _count, ...state }: StateDict): StateDict {
    return state;
  }
}
