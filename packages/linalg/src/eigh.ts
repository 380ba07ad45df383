import {
  abs,
  add,
  arange,
  broadcastTo,
  cast,
  concat,
  div,
  equal,
  expandDims,
  eye,
  gather,
  iota,
  less,
  matmul,
  mul,
  neg,
  pad,
  reshape,
  rsqrt,
  scan,
  slice,
  sort,
  sqrt,
  square,
  sub,
  sum,
  takeAlongAxis,
  transpose,
  where,
  zerosLike,
  type DType,
  type Tensor,
  type TensorLike,
} from "@ansatz/core";
import { partsOf, record, type OpDefinition } from "@ansatz/core/plugin";
import { squareOf } from "./matrix.ts";

/** A = V diag(w) Vᵀ. */
export interface Eigh {
  /** [..., n], ascending. */
  readonly eigenvalues: Tensor;
  /** [..., n, n]: column j is the eigenvector of eigenvalue j. */
  readonly eigenvectors: Tensor;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, A = V diag(w) Vᵀ, by Jacobi's rotations: n / 2 at once, in the
 * order of a tournament. Jacobi 1846; Brent & Luk 1985, SIAM J. Sci. Stat. Comput. 6(1).
 *
 * [..., n, n] -> eigenvalues [..., n], ascending, and eigenvectors [..., n, n], one a column, as torch.linalg.eigh. The
 * sign of an eigenvector is arbitrary. A is replaced by (A + Aᵀ) / 2, as in JAX. Eigenvalues that are equal make the
 * gradient of their eigenvectors infinite or NaN: it does not exist.
 *
 * @throws ShapeError unless A is square; DTypeError unless it holds floats
 * @example eigh(tensor([[2, 1], [1, 2]])).eigenvalues  // [1, 3]
 */
export function eigh(a: TensorLike): Eigh {
  const matrix = squareOf("eigh", a);
  const symmetric = mul(add(matrix, transpose(matrix)), 0.5);
  const [eigenvalues, eigenvectors] = partsOf(record(eighOp, [symmetric])) as [Tensor, Tensor];
  return { eigenvalues, eigenvectors };
}

const eighOp: OpDefinition = {
  name: "eigh",
  infer: ([a]) => [{ shape: a!.shape.slice(0, -1), dtype: a!.dtype }, a!],
  expand: ([a]) => jacobi(a!),
  partsGradient: ([gw, gV], _inputs, y) => {
    const [w, V] = partsOf(y) as [Tensor, Tensor];
    return [gradientOf(w, V, gw ?? zerosLike(w), gV ?? zerosLike(V))];
  },
};

/** V (diag(∂w) + F ⊙ Vᵀ ∂V) Vᵀ with Fᵢⱼ = 1 / (wⱼ − wᵢ), and 0 on the diagonal. Giles 2008, Section 3.1. */
function gradientOf(w: Tensor, V: Tensor, gw: Tensor, gV: Tensor): Tensor {
  const I = eye(w.shape.at(-1)!, { dtype: w.dtype });
  const F = sub(div(1, add(sub(expandDims(w, -2), expandDims(w, -1)), I)), I);
  return matmul(matmul(V, add(mul(I, expandDims(gw, -1)), mul(F, matmul(transpose(V), gV)))), transpose(V));
}

/**
 * In each round every pair of a tournament meets once: each row i of the upper half is rotated against row i of the
 * lower half, which makes their common element 0. Then the rows move on by one place. After n − 1 rounds, a sweep,
 * every pair has met and every row is in its place again.
 */
function jacobi(symmetric: Tensor): [eigenvalues: Tensor, eigenvectors: Tensor] {
  const { dtype, shape } = symmetric;
  const n = shape.at(-1)!;
  const size = Math.max(2, n + (n % 2)); // a row and a column of zeros make it even; nothing rotates them
  const half = size / 2;
  const grown = pad(
    symmetric,
    shape.map((_, axis) => [0, axis < shape.length - 2 ? 0 : size - n]),
  );
  const identity = eye(size, { dtype });
  // Who sits where after a round: the first stays, and the others move round the table by one place.
  const ranges = [
    [0, 1],
    [half, half + 1],
    [1, half - 1],
    [half + 1, size],
    [half - 1, half],
  ] as const;
  const seats =
    half === 1
      ? iota(2)
      : concat(
          ranges.map(([start, end]) => arange(start, end)),
          0,
        );
  const above = less(seats, half);
  const partners = where(above, add(seats, half), sub(seats, half));
  const pairs = where(above, seats, partners);
  const signs = expandDims(cast(where(above, -1, 1), dtype), -1);
  const pp = mul(iota(half), size + 1); // elements (i, i), (i + half, i + half) and (i, i + half), row by row
  const [qq, pq] = [add(pp, half * (size + 1)), add(pp, half)];

  const round = ([A, W]: readonly [Tensor, Tensor]) => {
    const flat = reshape(A, [...A.shape.slice(0, -2), size * size]);
    const [p, q, off] = [gather(flat, pp, -1), gather(flat, qq, -1), gather(flat, pq, -1)];
    // t = tan φ, |φ| ≤ π/4: Golub & Van Loan 2013, Section 8.5.2
    const τ = div(sub(q, p), mul(2, off));
    const magnitude = div(1, add(abs(τ), sqrt(add(1, square(τ)))));
    const t = where(equal(off, 0), 0, where(less(τ, 0), neg(magnitude), magnitude));
    const cosine = rsqrt(add(1, square(t)));
    const c = expandDims(gather(cosine, pairs, -1), -1);
    const s = mul(signs, expandDims(gather(mul(t, cosine), pairs, -1), -1));
    const rotated = (X: Tensor): Tensor => add(mul(c, gather(X, seats, -2)), mul(s, gather(X, partners, -2)));
    return [[rotated(transpose(rotated(A))), rotated(W)], []] as const;
  };
  // The rows of W become the eigenvectors.
  const init: [Tensor, Tensor] = [grown, broadcastTo(identity, grown.shape)];
  const [[A, W]] = scan(round, init, [], { length: (size - 1) * sweeps(dtype) });
  const cut = (x: Tensor): Tensor => slice(x, [...shape.slice(0, -2).map(() => null), [0, n], [0, n]]);
  const { values, indices } = sort(sum(mul(cut(A!), eye(n, { dtype })), -1));
  const V = transpose(cut(W!));
  return [values, takeAlongAxis(V, broadcastTo(expandDims(indices, -2), V.shape), -1)];
}

/**
 * How often every pair is rotated. Convergence is quadratic, in 6 to 9 sweeps, but linear among eigenvalues that are
 * nearly equal. XLA stops after 15, too.
 */
function sweeps(dtype: DType): number {
  return dtype === "float64" ? 30 : 15;
}
