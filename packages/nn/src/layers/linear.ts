import {
  add,
  matmul,
  Module,
  parameter,
  ShapeError,
  transpose,
  uniform,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { fanInUniform, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface LinearOptions {
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** The initial weight, and the initial bias. Default: U(−1/√inputs, 1/√inputs) for both. */
  readonly initializer?: Initializer;
  /** A weight to share, such as that of an `Embedding`: both layers then train one matrix. Default: its own. */
  readonly weight?: Parameter;
  readonly random?: RandomSource;
}

/**
 * Affine map: y = x Wᵀ + b, over the last axis.
 *
 * @throws ShapeError for a shared weight that isn't [outputs, inputs]
 * @example new Linear(3, 2).forward(zeros([5, 3])).shape  // [5, 2]
 */
export class Linear extends Module {
  readonly weight: Parameter; // W  [outputs, inputs]
  readonly bias: Parameter | undefined; // b  [outputs]

  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    super();
    const { initializer = fanInUniform } = options;
    const random = streamOf(options.random);
    const bound = 1 / Math.sqrt(inputs);
    this.weight = options.weight ?? parameter(initializer(random.next(), [outputs, inputs]));
    if (this.weight.shape[0] !== outputs || this.weight.shape[1] !== inputs || this.weight.shape.length !== 2)
      throw new ShapeError(
        `Linear: the shared weight is ${showShape(this.weight.shape)} but must be [outputs, inputs], ` +
          `here ${showShape([outputs, inputs])}`,
      );
    this.bias =
      options.bias === false
        ? undefined
        : parameter(
            options.initializer?.(random.next(), [outputs]) ??
              uniform(random.next(), [outputs], { low: -bound, high: bound }),
          );
  }

  forward(x: Tensor): Tensor {
    // [..., inputs] -> [..., outputs]
    const y = matmul(x, transpose(this.weight));
    return this.bias === undefined ? y : add(y, this.bias);
  }
}
