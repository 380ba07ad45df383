import { ShapeError } from "../../contract/errors.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { constant, toTensor } from "../family.ts";
import { causalMask } from "../ranges.ts";
import { transpose } from "../layout/movement.ts";
import { where } from "../elementwise/logic.ts";
import { matmul } from "./matmul.ts";
import { softmax } from "../reduction/normalization.ts";

export interface AttentionOptions {
  /** No position looks ahead: queries and keys are then of one length. */
  readonly causal?: boolean;
  /** True where a query may attend to a key; broadcasts to [..., queries, keys]. */
  readonly mask?: TensorLike;
  /** Added to the scores; broadcasts to [..., queries, keys]. */
  readonly bias?: TensorLike;
  /** Default: 1/√features. */
  readonly scale?: number;
  /** Applied to the attention weights, such as dropout. */
  readonly transformWeights?: (weights: Tensor) => Tensor;
}

/**
 * Scaled dot-product attention: softmax(q kᵀ / √d + bias) v. Vaswani et al. 2017, arXiv:1706.03762.
 *
 * query [..., queries, features], key [..., keys, features], value [..., keys, outputs] give [..., queries, outputs].
 *
 * @throws ShapeError when features or keys differ
 * @example attention(zeros([1, 2]), zeros([2, 2]), tensor([[1], [3]]))  // [[2]]
 */
export function attention(
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  const weights = attentionWeights(query, key, options);
  return matmul(options.transformWeights?.(weights) ?? weights, value);
}

/**
 * The weights of attention: softmax(q kᵀ / √d + bias).
 *
 * query [..., queries, features], key [..., keys, features] give [..., queries, keys].
 *
 * @throws ShapeError when features differ
 * @example attentionWeights(zeros([1, 2]), zeros([2, 2]))  // [[0.5, 0.5]]
 */
export function attentionWeights(
  query: TensorLike,
  key: TensorLike,
  options: Omit<AttentionOptions, "transformWeights"> = {},
): Tensor {
  const q = toTensor(query);
  const scaled = mul(q, options.scale ?? 1 / Math.sqrt(q.shape.at(-1)!));
  return softmax(masked(matmul(scaled, transpose(key)), options));
}

function masked(given: Tensor, { causal, mask, bias }: AttentionOptions): Tensor {
  const scores = bias === undefined ? given : add(given, bias);
  const allowed = mask === undefined ? scores : add(scores, penalty(mask, scores));
  if (causal !== true) return allowed;
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  if (queries !== keys)
    throw new ShapeError(
      `attention: causal needs as many queries as keys, but the scores are ${showShape(scores.shape)}\n` +
        "  pass a mask instead",
    );
  return add(allowed, penalty(causalMask(keys), scores, 2));
}

/**
 * 0 where a look is allowed, and so little elsewhere that softmax gives exactly 0. Added, so that its gradient costs
 * nothing. Later positions get twice as little as masked ones: a query whose keys are all masked, such as padding
 * before a text, then looks at those, and still not ahead.
 */
function penalty(mask: TensorLike, scores: Tensor, times = 1): Tensor {
  return where(mask, constant(0, scores.dtype), constant(-1e30 * times, scores.dtype));
}
