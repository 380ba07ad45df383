import { add, matmul, Module, parameter, transpose, uniform, type Parameter, type Tensor } from "@ansatz/core";
import { fanInUniform, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface LinearOptions {
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** The initial weight, and the initial bias. Default: U(−1/√inputs, 1/√inputs) for both. */
  readonly initializer?: Initializer;
  readonly random?: RandomSource;
}

/**
 * Affine map: y = x Wᵀ + b, over the last axis.
 *
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
    this.weight = parameter(initializer(random.next(), [outputs, inputs]));
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
