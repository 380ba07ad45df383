import {
  add,
  ArgumentError,
  cos,
  exp,
  iota,
  mul,
  reshape,
  sin,
  stack,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";

/**
 * Sinusoidal positions: PE[t, 2i] = sin(t / 10000^(2i / width)), PE[t, 2i + 1] = cos of the same. Vaswani et al. 2017,
 * arXiv:1706.03762.
 *
 * The result is [time, width], to be added to embeddings; the first place is `position`, 0 unless given.
 *
 * @throws ArgumentError for an odd width
 * @example sinusoidalPositions(2, 2)  // [[0, 1], [0.8415, 0.5403]]
 */
export function sinusoidalPositions(
  time: number,
  width: number,
  options: { readonly position?: TensorLike } = {},
): Tensor {
  if (width % 2 !== 0)
    throw new ArgumentError(`sinusoidalPositions: the width is ${width}, which does not make pairs\n  use an even one`);
  const frequencies = exp(mul(iota(width / 2, { dtype: "float32" }), (-2 / width) * Math.log(10_000)));
  const angles = mul(reshape(add(iota(time, { dtype: "float32" }), options.position ?? 0), [time, 1]), frequencies);
  return reshape(stack([sin(angles), cos(angles)], 2), [time, width]);
}
