import { add, dynamicUpdateSlice, Module, type Tensor, type TensorLike } from "@ansatz/core";
import { Dropout } from "../regularization/dropout.ts";
import { FeedForward } from "../layers/feed-forward.ts";
import type { Initializer } from "../initializers/basic.ts";
import { LayerNorm } from "../normalization/layer-norm.ts";
import { MultiHeadAttention, type KeyValue } from "./multi-head-attention.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface TransformerBlockOptions {
  readonly heads: number;
  readonly dropout?: number;
  readonly initializer?: Initializer;
  /** The initial weights of the two projections that add to the residual stream. */
  readonly residualInitializer?: Initializer;
  readonly random?: RandomSource;
}

/**
 * A pre-norm Transformer block: x + attention(norm(x)), then x + feedForward(norm(x)). Xiong et al. 2020, arXiv:2002.04745.
 *
 * @example new TransformerBlock(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly attentionDropout: Dropout;
  readonly feedForwardDropout: Dropout;

  constructor(width: number, options: TransformerBlockOptions) {
    super();
    const { heads, dropout = 0, initializer, residualInitializer = initializer } = options;
    const random = streamOf(options.random);
    const starts = { random, ...(initializer && { initializer }), ...(residualInitializer && { outputInitializer: residualInitializer }) };
    this.attentionNorm = new LayerNorm(width);
    this.attention = new MultiHeadAttention(width, { heads, dropout, ...starts });
    this.attentionDropout = new Dropout(dropout, { random });
    this.feedForwardNorm = new LayerNorm(width);
    this.feedForward = new FeedForward(width, starts);
    this.feedForwardDropout = new Dropout(dropout, { random });
  }

  forward(x: Tensor): Tensor { // [batch, time, width] -> the same; no position looks ahead
    const attended = this.attention.forward(this.attentionNorm.forward(x), { causal: true });
    return this.#finish(add(x, this.attentionDropout.forward(attended)));
  }

  /** One more position, with what came before in a cache; returns the cache with it. */
  step(x: Tensor, cache: KeyValue, position: Tensor, mask: TensorLike): readonly [Tensor, KeyValue] { // x [batch, 1, width]
    const normal = this.attentionNorm.forward(x);
    const latest = this.attention.keyValue(normal);
    const starts = [0, 0, position, 0];
    const next = { key: dynamicUpdateSlice(cache.key, latest.key, starts), value: dynamicUpdateSlice(cache.value, latest.value, starts) };
    return [this.#finish(add(x, this.attention.attend(normal, next, { mask }))), next];
  }

  #finish(x: Tensor): Tensor {
    return add(x, this.feedForwardDropout.forward(this.feedForward.forward(this.feedForwardNorm.forward(x))));
  }
}
