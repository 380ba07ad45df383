import { matmul, reshape, transpose, type Tensor } from "@ansatz/core";

/**
 * A tensor with each axis multiplied by its basis, or by the transpose of that to rotate back; axes without a basis
 * stay as they are. For a matrix Q₀ᵀ G Q₁, and Q₀ G Q₁ᵀ back.
 */
export function rotated(
  x: Tensor,
  bases: readonly (Tensor | undefined)[],
  { back = false }: { readonly back?: boolean } = {},
): Tensor {
  // Each turn multiplies the first axis and makes it the last; after one turn for each axis they are in order again.
  return bases.reduce<Tensor>((y, Q) => {
    const [length, ...rest] = y.shape as [number, ...number[]];
    const columns = transpose(reshape(y, [length, -1])); // [rest, length]
    const product = Q === undefined ? columns : matmul(columns, back ? transpose(Q) : Q);
    return reshape(product, [...rest, length]);
  }, x);
}

/** The products of all slices along an axis with each other: G Gᵀ and Gᵀ G for a matrix. */
export function covariance(g: Tensor, axis: number): Tensor {
  const others = [...g.shape.keys()].filter((other) => other !== axis);
  const slices = reshape(transpose(g, [axis, ...others]), [g.shape[axis]!, -1]);
  return matmul(slices, transpose(slices));
}
