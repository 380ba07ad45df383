import { gelu, Module, type Tensor } from "@ansatz/core";
import type { Initializer } from "../initializers/basic.ts";
import { Linear } from "./linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface FeedForwardOptions {
  /** The width in between; four times the outer one unless given. */
  readonly hidden?: number;
  readonly activation?: (x: Tensor) => Tensor;
  readonly initializer?: Initializer;
  readonly outputInitializer?: Initializer;
  readonly random?: RandomSource;
}

/**
 * The Transformer's position-wise network: y = W₂ gelu(W₁ x + b₁) + b₂.
 *
 * @example new FeedForward(4).forward(zeros([2, 4])).shape  // [2, 4]
 */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly contract: Linear;
  readonly activation: (x: Tensor) => Tensor;

  constructor(width: number, options: FeedForwardOptions = {}) {
    super();
    const { hidden = 4 * width, initializer, outputInitializer = initializer } = options;
    const random = streamOf(options.random);
    this.activation = options.activation ?? gelu;
    this.expand = new Linear(width, hidden, { random, ...(initializer && { initializer }) });
    this.contract = new Linear(hidden, width, { random, ...(outputInitializer && { initializer: outputInitializer }) });
  }

  forward(x: Tensor): Tensor {
    // [..., width] -> [..., width]
    return this.contract.forward(this.activation(this.expand.forward(x)));
  }
}
