import { Module, mul, silu, type Tensor } from "@ansatz/core";
import { Linear } from "./linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface GatedFeedForwardOptions {
  /** The width in between; 8/3 of the outer one unless given, for as many weights as `FeedForward` has. */
  readonly hidden?: number;
  /** Applied to the gate; `silu` unless given, which makes it SwiGLU. */
  readonly activation?: (x: Tensor) => Tensor;
  readonly bias?: boolean;
  readonly random?: RandomSource;
}

/**
 * The position-wise network with a gate: y = W₂ (activation(W₁ x) ⊙ V x). Shazeer 2020, arXiv:2002.05202; without
 * biases unless `bias` is true.
 *
 * @example new GatedFeedForward(6).forward(zeros([2, 6])).shape  // [2, 6]
 */
export class GatedFeedForward extends Module {
  readonly gate: Linear;
  readonly expand: Linear;
  readonly contract: Linear;
  readonly activation: (x: Tensor) => Tensor;

  constructor(width: number, options: GatedFeedForwardOptions = {}) {
    super();
    const { hidden = Math.ceil((8 * width) / 3), bias = false } = options;
    const random = streamOf(options.random);
    this.activation = options.activation ?? silu;
    this.gate = new Linear(width, hidden, { random, bias });
    this.expand = new Linear(width, hidden, { random, bias });
    this.contract = new Linear(hidden, width, { random, bias });
  }

  forward(x: Tensor): Tensor {
    // [..., width] -> [..., width]
    return this.contract.forward(mul(this.activation(this.gate.forward(x)), this.expand.forward(x)));
  }
}
