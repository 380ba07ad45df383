import {
  add,
  alone,
  buffer,
  type Cell,
  type Communicator,
  customGradient,
  div,
  lerp,
  mean,
  meanOverRanks,
  Module,
  mul,
  ones,
  parameter,
  reshape,
  rsqrt,
  ShapeError,
  square,
  squeeze,
  stopGradient,
  sub,
  sum,
  zeros,
  type Parameter,
  type StateDict,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { renamed } from "../pytorch-state.ts";

export interface BatchNormOptions {
  /** Default: 1e-5. */
  readonly epsilon?: number;
  /** The share of each batch in the running statistics. Default: 0.1. */
  readonly momentum?: number;
  /**
   * The processes over whose shares the statistics of a batch are taken, as in PyTorch's SyncBatchNorm. The shares must
   * be equal, and the gradients of the parameters be averaged by `meanOverRanks`. Default: this process alone.
   */
  readonly communicator?: Communicator;
}

const layout = renamed(["runningMean", "running_mean"], ["runningVariance", "running_var"]);

/**
 * Batch normalization over all axes but axis 1: y = (x − mean) / √(variance + ε) ⊙ γ + β. Ioffe & Szegedy 2015,
 * arXiv:1502.03167.
 *
 * x is [batch, features] or [batch, features, ...space]: PyTorch's BatchNorm1d and BatchNorm2d. Training uses the mean
 * and variance of the batch; the running mean and (unbiased) variance move towards them with the next `realize`.
 * Evaluation uses the running ones.
 *
 * @throws ShapeError if axis 1 is not as long as the features, or if a batch in training has a single element for each
 * feature
 * @example new BatchNorm(2, { epsilon: 0 }).forward(tensor([[1, 0], [3, 4]]))  // [[-1, -1], [1, 1]]
 */
export class BatchNorm extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter; // β  [features]
  readonly runningMean: Cell; // [features]
  readonly runningVariance: Cell; // [features]
  readonly options: BatchNormOptions;

  constructor(features: number, options: BatchNormOptions = {}) {
    super();
    this.options = options;
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
    this.runningMean = buffer(zeros([features]));
    this.runningVariance = buffer(ones([features]));
  }

  forward(x: Tensor): Tensor {
    // [batch, features, ...] -> the same
    const [features] = this.weight.shape as [number];
    if (x.rank < 2 || x.shape[1] !== features)
      throw new ShapeError(`BatchNorm: x is ${showShape(x.shape)} but must be [batch, ${features}, ...]`);
    const column = (value: Parameter | Cell | Tensor): Tensor =>
      reshape(value, [features, ...Array.from({ length: x.rank - 2 }, () => 1)]);
    const { epsilon = 1e-5, communicator = alone } = this.options;
    if (this.training) {
      this.#follow(x);
      return normalizeBatch(x, column(this.weight), column(this.bias), { epsilon, communicator });
    }
    const scale = mul(rsqrt(add(this.runningVariance.read(), epsilon)), this.weight);
    return add(mul(sub(x, column(this.runningMean.read())), column(scale)), column(this.bias));
  }

  /** Moves the running statistics towards those of a batch. */
  #follow(x: Tensor): void {
    const { momentum = 0.1, communicator = alone } = this.options;
    const { axes, count, centre, variance } = statisticsOf(x, communicator);
    if (count < 2)
      throw new ShapeError(
        "BatchNorm: a single element for each feature has no variance\n" +
          `  x: ${showShape(x.shape)}\n  use a larger batch, or eval()`,
      );
    const unbiased = mul(variance, count / (count - 1));
    this.runningMean.assign(stopGradient(lerp(this.runningMean, squeeze(centre, axes), momentum)));
    this.runningVariance.assign(stopGradient(lerp(this.runningVariance, squeeze(unbiased, axes), momentum)));
  }

  /** PyTorch also counts batches, for averages that aren't exponential. */
  toPyTorch(state: StateDict): StateDict {
    return { ...layout.toPyTorch(state), num_batches_tracked: { shape: [], dtype: "int32", data: Int32Array.of(0) } };
  }

  fromPyTorch({ num_batches_tracked: _count, ...state }: StateDict): StateDict {
    return layout.fromPyTorch(state);
  }
}

/** Mean and variance of each feature over all processes, and how far x is from the mean; [1, features, 1, ...]. */
function statisticsOf(x: Tensor, communicator: Communicator) {
  const axes = Array.from({ length: x.rank }, (_, i) => i).filter((i) => i !== 1);
  const meanOf = (values: Tensor): Tensor => meanOverRanks([mean(values, axes, { keepDims: true })], communicator)[0]!;
  const centre = meanOf(x);
  const centred = sub(x, centre);
  const count = communicator.size * axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return { axes, count, centre, centred, variance: meanOf(square(centred)) };
}

/**
 * A batch, normalized; weight and bias are columns. The gradient is written by hand, since it then needs half as many
 * passes: with x̂ normalized, s its factor and n elements, dx = s γ (g − Σ g / n − x̂ Σ g x̂ / n). These sums are over
 * all processes; those that are the gradients of weight and bias are over the own share.
 */
function normalizeBatch(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { epsilon, communicator }: { readonly epsilon: number; readonly communicator: Communicator },
): Tensor {
  const parts = (x: Tensor) => {
    const statistics = statisticsOf(x, communicator);
    return { ...statistics, factor: rsqrt(add(statistics.variance, epsilon)) };
  };
  return customGradient({
    forward: (...inputs) => {
      const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor];
      const { centred, factor } = parts(x);
      return add(mul(centred, mul(factor, weight)), bias);
    },
    gradient: (g, inputs) => {
      const [x, weight] = inputs as [Tensor, Tensor, Tensor];
      const { axes, count, centred, factor } = parts(x);
      const total = sum(g, axes, { keepDims: true });
      const ofWeight = mul(factor, sum(mul(g, centred), axes, { keepDims: true }));
      const own = count / communicator.size;
      const means = meanOverRanks({ g: total, along: ofWeight }, communicator);
      const along = mul(centred, mul(factor, div(means.along, own)));
      return [mul(sub(sub(g, div(means.g, own)), along), mul(factor, weight)), ofWeight, total];
    },
  })(x, weight, bias);
}
