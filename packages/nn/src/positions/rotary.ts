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
  /** The position of the first element. Default: 0. */
  readonly position?: TensorLike;
  /** How slowly the last pair rotates: about once in 2π · base positions. Default: 10,000. */
  readonly base?: number;
}

/**
 * Rotary positions: each pair of neighbouring features is rotated by an angle that grows with the position. A dot
 * product of two rotated vectors depends only on their distance. Su et al. 2021, arXiv:2104.09864.
 *
 *   (x₂ᵢ, x₂ᵢ₊₁) rotated by (position + t) · base^(−2i / features)
 *
 * x and the result are [..., time, features].
 *
 * Each pair is two neighbours, as in the paper. Hugging Face's models pair feature i with i + features / 2 instead, and
 * order the rows of their weights accordingly: see `fromHuggingFace`.
 *
 * @throws ArgumentError for an odd number of features, or a base that isn't above 0
 * @example rotary(tensor([[1, 0], [1, 0]]))  // [[1, 0], [0.5403, 0.8415]]
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { position = 0, base = 10_000 } = options;
  const [time, features] = x.shape.slice(-2) as [number, number];
  if (features % 2 !== 0)
    throw new ArgumentError(`rotary: ${features} features do not split into pairs\n  give each head an even width`);
  if (!(base > 0 && Number.isFinite(base)))
    throw new ArgumentError(`rotary: the base is ${base}\n  use a number above 0, such as 10,000`);
  const { dtype } = x;
  const frequencies = exp(mul(iota(features / 2, { dtype }), (-2 / features) * Math.log(base)));
  const places = add(iota(time, { dtype }), position);
  const angles = mul(reshape(places, [time, 1]), frequencies); // [time, features / 2]
  const pairs = reshape(x, [...x.shape.slice(0, -1), features / 2, 2]);
  const member = (i: number): Tensor =>
    reshape(slice(pairs, [...pairs.shape.slice(0, -1).map(() => null), [i, i + 1]]), pairs.shape.slice(0, -1));
  const [a, b, c, s] = [member(0), member(1), cos(angles), sin(angles)];
  return reshape(stack([sub(mul(a, c), mul(b, s)), add(mul(a, s), mul(b, c))], pairs.rank - 1), x.shape);
}
