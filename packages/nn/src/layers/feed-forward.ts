import { gelu, Module, type Tensor } from "@ansatz/core";
import type { Initializer } from "../initializers/basic.ts";
import { Dropout } from "../regularization/dropout.ts";
import { Linear } from "./linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import type { UnaryLayer } from "./unary-layer.ts";

export interface FeedForwardOptions {
  /** The width of the hidden layer. Default: four times the outer width. */
  readonly hidden?: number;
  /** Default: `gelu`. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Default: true. */
  readonly bias?: boolean;
  /** The probability of dropping a hidden feature after the activation. Default: 0. */
  readonly dropout?: number;
  readonly initializer?: Initializer;
  /** The initial weight of the second map. Default: `initializer`. */
  readonly outputInitializer?: Initializer;
  readonly random?: RandomSource;
}

/** Makes the feed-forward layer of a Transformer block. */
export type FeedForwardFactory = (width: number, options: FeedForwardOptions) => UnaryLayer;

/**
 * The position-wise network of the Transformer: y = W₂ dropout(gelu(W₁ x + b₁)) + b₂. Vaswani et al. 2017,
 * arXiv:1706.03762, with the activation of Hendrycks & Gimpel 2016, arXiv:1606.08415, and dropout as in PyTorch.
 *
 * @example new FeedForward(4).forward(zeros([2, 4])).shape  // [2, 4]
 */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly contract: Linear;
  readonly activation: (x: Tensor) => Tensor;
  readonly dropout: Dropout | undefined;

  constructor(width: number, options: FeedForwardOptions = {}) {
    super();
    const { hidden = 4 * width, bias = true, dropout = 0, initializer, outputInitializer = initializer } = options;
    const random = streamOf(options.random);
    this.activation = options.activation ?? gelu;
    this.expand = new Linear(width, hidden, { bias, random, ...(initializer && { initializer }) });
    this.contract = new Linear(hidden, width, {
      bias,
      random,
      ...(outputInitializer && { initializer: outputInitializer }),
    });
    this.dropout = dropout === 0 ? undefined : new Dropout(dropout, { random });
  }

  forward(x: Tensor): Tensor {
    // [..., width] -> [..., width]
    const hidden = this.activation(this.expand.forward(x));
    return this.contract.forward(this.dropout === undefined ? hidden : this.dropout.forward(hidden));
  }
}
