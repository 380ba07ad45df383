import { Module, mul, silu, type Tensor } from "@ansatz/core";
import type { FeedForwardOptions } from "./feed-forward.ts";
import { Dropout } from "../regularization/dropout.ts";
import { Linear } from "./linear.ts";
import { streamOf } from "../random-source.ts";

export interface GatedFeedForwardOptions extends FeedForwardOptions {
  /** The width of the hidden layer. Default: 8/3 of the outer width, for as many weights as `FeedForward` has. */
  readonly hidden?: number;
  /** Applied to the gate. Default: `silu`, which makes it SwiGLU. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Default: false. */
  readonly bias?: boolean;
}

/**
 * The position-wise network with a gate: y = W₂ dropout(activation(W₁ x) ⊙ V x). Shazeer 2020, arXiv:2002.05202, with
 * dropout as in T5's code.
 *
 * @example new GatedFeedForward(6).forward(zeros([2, 6])).shape  // [2, 6]
 */
export class GatedFeedForward extends Module {
  readonly gate: Linear;
  readonly expand: Linear;
  readonly contract: Linear;
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: Dropout | undefined;

  constructor(width: number, options: GatedFeedForwardOptions = {}) {
    super();
    const { hidden = Math.ceil((8 * width) / 3), bias = false, dropout = 0, initializer } = options;
    const { outputInitializer = initializer } = options;
    const random = streamOf(options.random);
    const linear = (inputs: number, outputs: number, start: typeof initializer) =>
      new Linear(inputs, outputs, { random, bias, ...(start && { initializer: start }) });
    this.activation = options.activation ?? silu;
    this.gate = linear(width, hidden, initializer);
    this.expand = linear(width, hidden, initializer);
    this.contract = linear(hidden, width, outputInitializer);
    this.dropout = dropout === 0 ? undefined : new Dropout(dropout, { random });
  }

  forward(x: Tensor): Tensor {
    // [..., width] -> [..., width]
    const hidden = mul(this.activation(this.gate.forward(x)), this.expand.forward(x));
    return this.contract.forward(this.dropout === undefined ? hidden : this.dropout.forward(hidden));
  }
}
