import {
  add,
  expandDims,
  matmul,
  Module,
  reshape,
  softmax,
  squeeze,
  tanh,
  where,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { Linear } from "../layers/linear.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

/**
 * Additive attention: the keys averaged with weights softmax(vᵀ tanh(W₁ k + W₂ q)). Bahdanau, Cho & Bengio 2014,
 * arXiv:1409.0473.
 *
 * query [batch, query width] and keys [batch, time, key width] give the context [batch, key width] and the weights
 * [batch, time]. `mask` is true where a key counts. It broadcasts to [batch, time].
 *
 * @example new AdditiveAttention(3, 4, 5).forward(zeros([2, 3]), zeros([2, 6, 4]))[0].shape  // [2, 4]
 */
export class AdditiveAttention extends Module {
  readonly key: Linear; // W₁
  readonly query: Linear; // W₂
  readonly score: Linear; // v

  constructor(queryWidth: number, keyWidth: number, hidden: number, options: { readonly random?: RandomSource } = {}) {
    super();
    const random = streamOf(options.random);
    this.key = new Linear(keyWidth, hidden, { bias: false, random });
    this.query = new Linear(queryWidth, hidden, { bias: false, random });
    this.score = new Linear(hidden, 1, { bias: false, random });
  }

  forward(query: Tensor, keys: Tensor, options: { readonly mask?: TensorLike } = {}): readonly [Tensor, Tensor] {
    return this.attend(query, keys, this.key.forward(keys), options);
  }

  /** The same with W₁ k given, which a decoder computes once for all its queries. */
  attend(
    query: Tensor,
    keys: Tensor,
    projected: Tensor,
    options: { readonly mask?: TensorLike } = {},
  ): readonly [Tensor, Tensor] {
    const scores = squeeze(this.scores(expandDims(query, 1), projected), 1); // [batch, time]
    const weights = softmax(options.mask === undefined ? scores : where(options.mask, scores, -1e30));
    const [batch, , width] = keys.shape as [number, number, number];
    return [reshape(matmul(expandDims(weights, 1), keys), [batch, width]), weights];
  }

  /** The scores of all keys for many queries: [batch, queries, query width] and W₁ k give [batch, queries, time]. */
  scores(queries: Tensor, projected: Tensor): Tensor {
    const hidden = tanh(add(expandDims(projected, 1), expandDims(this.query.forward(queries), 2)));
    return squeeze(this.score.forward(hidden), -1);
  }
}
