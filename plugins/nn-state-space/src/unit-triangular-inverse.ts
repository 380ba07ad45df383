import { customGradient, expandDims, eye, iota, less, matmul, mul, neg, sub, tensor, transpose } from "@ansatz/core";
import { where, type Tensor } from "@ansatz/core";

/**
 * (I + L)⁻¹, where L [..., size, size] is the part of the argument below the diagonal.
 *
 * From the inverses of blocks on the diagonal follow those of blocks twice as large: below the diagonal, −X₂ L₂₁ X₁.
 * That takes two products for each doubling. The product of all I + (−L)^(2ᵏ) is the same in exact arithmetic, but for
 * equal keys the powers of L hold binomial coefficients, up to 10¹⁸ in 64 positions.
 */
export const unitTriangularInverse = customGradient({
  forward: (L) => {
    const size = L.shape.at(-1)!;
    let inverse = eye(size, { dtype: L.dtype });
    for (let half = 1; half < size; half *= 2)
      inverse = sub(inverse, matmul(matmul(inverse, mul(L, joins(size, half, L))), inverse));
    return inverse;
  },
  gradient: (g, _inputs, inverse) => {
    const [size, transposed] = [inverse.shape.at(-1)!, transpose(inverse)];
    const below = less(iota(size), expandDims(iota(size), 1));
    return [where(below, neg(matmul(matmul(transposed, g), transposed)), 0)];
  },
});

/** 1 where a row in the second half of a block meets a column in its first half. */
function joins(size: number, half: number, { dtype }: Tensor): Tensor {
  const places = Array.from({ length: size }, (_, i) => Math.floor(i / half));
  const rows = places.map((row) => places.map((column) => (row % 2 === 1 && column === row - 1 ? 1 : 0)));
  return tensor(rows, { dtype });
}
