import {
  grad,
  iota,
  less,
  logSoftmax,
  matmul,
  max,
  mean,
  mul,
  neg,
  norm,
  normal,
  slice,
  softmax,
  sort,
  sum,
  transpose,
  variance,
  where,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";

export interface Sizes {
  readonly largestWidth: number;
  readonly queries: number;
  readonly keys: number;
}

/** The measured figures, each a scalar. */
export interface Measured {
  readonly logitVariance: Tensor;
  /** The mean entropy of the attention weights, in nats. */
  readonly entropy: Tensor;
  /** The mean of each query's largest weight. */
  readonly largestWeight: Tensor;
  /** The median over the queries of ‖∂loss/∂logits‖. */
  readonly logitGradient: Tensor;
  /** The median over the queries of ‖∂loss/∂query‖. */
  readonly queryGradient: Tensor;
}

/**
 * Attention before training: queries, keys and the loss's coefficients `wanted` are independent standard normal
 * numbers. Features beyond the width are 0, so that one program serves all widths.
 *
 *   logits = scale · q kᵀ   p = softmax(logits)   loss = Σ p ⊙ wanted
 */
export function measure(
  random: RandomStream,
  { largestWidth, queries, keys }: Sizes,
  width: Tensor,
  scale: Tensor,
): Measured {
  const drawn = (rows: number): Tensor =>
    where(less(iota(largestWidth), width), normal(random.next(), [rows, largestWidth]), 0);
  const [query, key, wanted] = [drawn(queries), drawn(keys), normal(random.next(), [queries, keys])];
  const logits = mul(matmul(query, transpose(key)), scale); // [queries, keys]
  const weights = softmax(logits);
  const [ofLogits, ofQuery] = grad(sum(mul(weights, wanted)), [logits, query]) as [Tensor, Tensor];
  return {
    logitVariance: variance(logits),
    entropy: mean(neg(sum(mul(weights, logSoftmax(logits)), -1))),
    largestWeight: mean(max(weights, -1)),
    logitGradient: median(norm(ofLogits, -1)),
    queryGradient: median(norm(ofQuery, -1)),
  };
}

/** The middle value; for an even number of values, the mean of both. */
function median(values: Tensor): Tensor {
  const [length] = values.shape as [number];
  return mean(slice(sort(values).values, [[Math.floor((length - 1) / 2), Math.floor(length / 2) + 1]]));
}
