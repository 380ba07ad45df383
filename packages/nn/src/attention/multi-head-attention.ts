import { ArgumentError, attention, Module, reshape, transpose, type Tensor, type TensorLike } from "@ansatz/core";
import { Dropout } from "../regularization/dropout.ts";
import type { Initializer } from "../initializers/basic.ts";
import { Linear } from "../layers/linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

export interface MultiHeadAttentionOptions {
  readonly heads: number;
  /** Of the attention weights. */
  readonly dropout?: number;
  readonly initializer?: Initializer;
  /** The initial weight of the output projection, where it differs. */
  readonly outputInitializer?: Initializer;
  readonly random?: RandomSource;
}

/** Keys and values that were computed before, for generation. */
export type KeyValue = {
  readonly key: Tensor; // [batch, heads, time, features / heads]
  readonly value: Tensor; // [batch, heads, time, features / heads]
};

/**
 * Multi-head self-attention. Vaswani et al. 2017, arXiv:1706.03762.
 *
 * @throws ArgumentError when the heads do not divide the width
 * @example new MultiHeadAttention(8, { heads: 2 }).forward(zeros([1, 3, 8])).shape  // [1, 3, 8]
 */
export class MultiHeadAttention extends Module {
  readonly heads: number;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly dropout: Dropout;

  constructor(width: number, options: MultiHeadAttentionOptions) {
    super();
    const { heads, initializer, outputInitializer = initializer } = options;
    if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) throw new ArgumentError(`MultiHeadAttention: ${heads} heads do not divide a width of ${width}`);
    const random = streamOf(options.random);
    const projection = (start: Initializer | undefined) => new Linear(width, width, { random, ...(start && { initializer: start }) });
    this.heads = heads;
    this.query = projection(initializer);
    this.key = projection(initializer);
    this.value = projection(initializer);
    this.output = projection(outputInitializer);
    this.dropout = new Dropout(options.dropout ?? 0, { random });
  }

  forward(x: Tensor, options: { readonly causal?: boolean; readonly mask?: TensorLike } = {}): Tensor { // [batch, time, width] -> the same
    return this.attend(x, this.keyValue(x), options);
  }

  /** The keys and values of a sequence. */
  keyValue(x: Tensor): KeyValue {
    return { key: this.#split(this.key.forward(x)), value: this.#split(this.value.forward(x)) };
  }

  /** Attends from x to given keys and values. */
  attend(x: Tensor, { key, value }: KeyValue, options: { readonly causal?: boolean; readonly mask?: TensorLike }): Tensor {
    const query = this.#split(this.query.forward(x)); // [batch, heads, time, features]
    const mixed = attention(query, key, value, { ...options, transformWeights: (weights) => this.dropout.forward(weights) });
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape));
  }

  #split(x: Tensor): Tensor {
    const [batch, time, width] = x.shape as [number, number, number];
    return transpose(reshape(x, [batch, time, this.heads, width / this.heads]), [0, 2, 1, 3]);
  }
}
