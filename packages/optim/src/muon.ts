import {
  add,
  ArgumentError,
  div,
  lerp,
  matmul,
  maximum,
  mul,
  norm,
  sub,
  transpose,
  zerosLike,
  type Tensor,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

export interface MuonOptions {
  /**
   * What the learning rate is multiplied by, for a matrix of r rows and c columns: √max(1, r/c) ("original", Jordan et
   * al. 2024, the default), 0.2 √max(r, c) ("matchRmsAdamw", so that AdamW's rates and decay fit: Liu et al. 2025,
   * arXiv:2502.16982), or √(r/c) ("spectralUnclamped", Bernstein 2025). PyTorch's `adjust_lr_fn`.
   */
  readonly adjustment?: keyof typeof adjustments;
  /** The steps of the Newton–Schulz iteration. Default: 5. */
  readonly iterations?: number;
  /** The coefficients a, b and c of the iteration. Default: 3.4445, −4.775 and 2.0315. */
  readonly coefficients?: readonly [number, number, number];
  /** Whether the momentum is Nesterov's. Default: true. */
  readonly nesterov?: boolean;
}

const adjustments = {
  original: (rows: number, columns: number) => Math.sqrt(Math.max(1, rows / columns)),
  matchRmsAdamw: (rows: number, columns: number) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectralUnclamped: (rows: number, columns: number) => Math.sqrt(rows / columns),
};

/**
 * Approximately the orthogonal matrix closest to the given one: Newton–Schulz steps bring every singular value near 1,
 * between about 0.7 and 1.2 after five steps with the default coefficients.
 *
 *   X ← X / max(‖X‖, ε)      each step: X ← a X + (b A + c A²) X with A = X Xᵀ
 */
function orthogonalized(
  matrix: Tensor,
  { iterations, coefficients: [a, b, c] }: Required<MuonOptions>,
  ε: Tensor,
): Tensor {
  // [rows, columns] -> the same
  const [rows, columns] = matrix.shape as [number, number];
  const wide = rows > columns ? transpose(matrix) : matrix;
  let X = div(wide, maximum(norm(wide), ε));
  for (let count = 0; count < iterations; count++) {
    const A = matmul(X, transpose(X));
    X = add(mul(a, X), matmul(add(mul(b, A), mul(c, matmul(A, A))), X));
  }
  return rows > columns ? transpose(X) : X;
}

/**
 * Muon with other options than the defaults: `muonWith({ adjustment: "matchRmsAdamw" })`.
 *
 * @throws ArgumentError for an unknown adjustment, or unless the iterations are a whole number from 1 to 99
 * @example muonWith({ adjustment: "matchRmsAdamw" }).name  // "muon"
 */
export function muonWith(options: MuonOptions = {}) {
  const all = {
    adjustment: "original",
    iterations: 5,
    coefficients: [3.4445, -4.775, 2.0315],
    nesterov: true,
    ...options,
  } as const satisfies Required<MuonOptions>;
  const adjusted = Object.hasOwn(adjustments, all.adjustment) ? adjustments[all.adjustment] : undefined;
  if (adjusted === undefined)
    throw new ArgumentError(
      `muonWith: the adjustment is "${String(all.adjustment)}"\n  use one of ${Object.keys(adjustments).join(", ")}`,
    );
  if (!Number.isInteger(all.iterations) || all.iterations < 1 || all.iterations > 99)
    throw new ArgumentError(`muonWith: ${all.iterations} iterations\n  use a whole number from 1 to 99`);
  return updateRule({
    name: "muon",
    spec: 1,
    hyper: { momentum: 0.95, epsilon: 1e-7, weightDecay: 0.1 },
    state: (θ) => {
      if (θ.rank !== 2)
        throw new ArgumentError(
          `muon: a parameter is [${θ.shape.join(",")}], but muon is for matrices\n` +
            "  give it a group with another rule: { where: (_name, { shape }) => shape.length !== 2, rule: adamw }",
        );
      return { m: zerosLike(θ) };
    },
    update({ θ, g, m, learningRate: η, momentum: μ, epsilon: ε, weightDecay: λ }) {
      const [rows, columns] = θ.shape as [number, number];
      const next = lerp(g, m, μ);
      const direction = orthogonalized(all.nesterov ? lerp(g, next, μ) : next, all, ε);
      return { θ: sub(mul(θ, sub(1, mul(η, λ))), mul(mul(η, adjusted(rows, columns)), direction)), m: next };
    },
  });
}

/**
 * Muon: Nesterov's momentum, made orthogonal, for the matrices inside a network. Jordan et al. 2024,
 * kellerjordan.github.io/posts/muon; in PyTorch's form. `muonWith` has its options.
 *
 *   m ← μ m + (1 − μ) g      O = NewtonSchulz((1 − μ) g + μ m)      θ ← θ − η λ θ − η √max(1, rows / columns) O
 *
 * The iteration runs in the parameter's dtype. PyTorch's and the authors' run in bfloat16, whose rounding moves single
 * elements of O by up to a fortieth. With float32 there, PyTorch gives the same values.
 *
 * Embeddings, the output layer and parameters that aren't matrices need another rule. Give them their own group, such
 * as `{ where: (name, { shape }) => shape.length !== 2, rule: adamw, learningRate: 3e-4 }`.
 *
 * @throws ArgumentError for a parameter that isn't a matrix
 * @example new Optimizer([parameter(zeros([2, 3]))], muon, { learningRate: 0.02 }).rule.name  // "muon"
 */
export const muon = muonWith();
