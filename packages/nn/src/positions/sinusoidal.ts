import {
  add,
  ArgumentError,
  cos,
  exp,
  iota,
  Module,
  mul,
  reshape,
  sin,
  stack,
  type DType,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import type { PositionLayer } from "./position-layer.ts";

/**
 * Sinusoidal positions: PE[t, 2i] = sin(t / 10000^(2i / width)), PE[t, 2i + 1] = cos of the same. Vaswani et al. 2017,
 * arXiv:1706.03762.
 *
 * The result is [time, width], to be added to embeddings. `position` is the first position. Default: 0.
 *
 * @throws ArgumentError for an odd width
 * @example sinusoidalPositions(2, 2)  // [[0, 1], [0.8415, 0.5403]]
 */
export function sinusoidalPositions(
  time: number,
  width: number,
  options: { readonly position?: TensorLike; readonly dtype?: DType } = {},
): Tensor {
  if (width % 2 !== 0)
    throw new ArgumentError(`sinusoidalPositions: a width of ${width} does not split into pairs\n  use an even width`);
  const { position = 0, dtype = "float32" } = options;
  const frequencies = exp(mul(iota(width / 2, { dtype }), (-2 / width) * Math.log(10_000)));
  const angles = mul(reshape(add(iota(time, { dtype }), position), [time, 1]), frequencies);
  return reshape(stack([sin(angles), cos(angles)], 2), [time, width]);
}

/**
 * Adds `sinusoidalPositions` to embeddings.
 *
 * @example new SinusoidalPositions().forward(zeros([1, 2, 2]))  // [[[0, 1], [0.8415, 0.5403]]]
 */
export class SinusoidalPositions extends Module implements PositionLayer {
  forward(x: Tensor, position?: Tensor): Tensor {
    // [batch, time, width] -> the same
    const [time, width] = x.shape.slice(-2) as [number, number];
    return add(x, sinusoidalPositions(time, width, { dtype: x.dtype, ...(position && { position }) }));
  }
}
