import {
  add,
  ArgumentError,
  cos,
  exp,
  iota,
  mul,
  reshape,
  sin,
  slice,
  stack,
  sub,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";

export interface RotaryOptions {
  /** The place of the first element; 0 unless given. */
  readonly position?: TensorLike;
  /** How slowly the last pair turns: once in 2π · base places. 10,000 unless given. */
  readonly base?: number;
}

/**
 * Rotary positions: each pair of neighbours is turned by an angle that grows with the place, so that a product of two
 * depends on their distance alone. Su et al. 2021, arXiv:2104.09864.
 *
 *   (x₂ᵢ, x₂ᵢ₊₁) turned by (position + t) · base^(−2i / features)
 *
 * x [..., time, features], and so the result.
 *
 * @throws ArgumentError when the features do not make pairs
 * @example rotary(tensor([[1, 0], [1, 0]]))  // [[1, 0], [0.5403, 0.8415]]
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { position = 0, base = 10_000 } = options;
  const [time, features] = x.shape.slice(-2) as [number, number];
  if (features % 2 !== 0)
    throw new ArgumentError(`rotary: ${features} features do not make pairs\n  give heads an even width`);
  const frequencies = exp(mul(iota(features / 2, { dtype: "float32" }), (-2 / features) * Math.log(base)));
  const places = add(iota(time, { dtype: "float32" }), position);
  const angles = mul(reshape(places, [time, 1]), frequencies); // [time, features / 2]
  const pairs = reshape(x, [...x.shape.slice(0, -1), features / 2, 2]);
  const member = (i: number): Tensor =>
    reshape(slice(pairs, [...pairs.shape.slice(0, -1).map(() => null), [i, i + 1]]), pairs.shape.slice(0, -1));
  const [a, b, c, s] = [member(0), member(1), cos(angles), sin(angles)];
  return reshape(stack([sub(mul(a, c), mul(b, s)), add(mul(a, s), mul(b, c))], pairs.rank - 1), x.shape);
}
