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

/**
 * Approximately the orthogonal matrix closest to the given one: five Newton–Schulz steps bring every singular value
 * near 1, between about 0.7 and 1.2. The coefficients are those of Jordan et al. 2024.
 *
 *   X ← X / max(‖X‖, ε)      five times: X ← a X + (b A + c A²) X with A = X Xᵀ
 */
function orthogonalized(matrix: Tensor): Tensor {
  // [rows, columns] -> the same
  const [rows, columns] = matrix.shape as [number, number];
  const wide = rows > columns ? transpose(matrix) : matrix;
  let X = div(wide, maximum(norm(wide), 1e-7));
  for (let count = 0; count < 5; count++) {
    const A = matmul(X, transpose(X));
    X = add(mul(3.4445, X), matmul(add(mul(-4.775, A), mul(2.0315, matmul(A, A))), X));
  }
  return rows > columns ? transpose(X) : X;
}

/**
 * Muon: Nesterov's momentum, made orthogonal, for the matrices inside a network. Jordan et al. 2024,
 * kellerjordan.github.io/posts/muon; in PyTorch's form.
 *
 *   m ← μ m + (1 − μ) g      O = NewtonSchulz((1 − μ) g + μ m)      θ ← θ − η λ θ − η √max(1, rows / columns) O
 *
 * Embeddings, the output layer and parameters that aren't matrices need another rule. Give them their own group, such
 * as `{ where: (name, { shape }) => shape.length !== 2, rule: adamw, learningRate: 3e-4 }`.
 *
 * @throws ArgumentError for a parameter that isn't a matrix
 * @example new Optimizer([parameter(zeros([2, 3]))], muon, { learningRate: 0.02 }).rule.name  // "muon"
 */
export const muon = updateRule({
  name: "muon",
  spec: 1,
  hyper: { momentum: 0.95, weightDecay: 0.1 },
  state: (θ) => {
    if (θ.rank !== 2)
      throw new ArgumentError(
        `muon: a parameter is [${θ.shape.join(",")}], but muon is for matrices\n` +
          "  give it a group with another rule: { where: (_name, { shape }) => shape.length !== 2, rule: adamw }",
      );
    return { m: zerosLike(θ) };
  },
  update({ θ, g, m, learningRate: η, momentum: μ, weightDecay: λ }) {
    const [rows, columns] = θ.shape as [number, number];
    const next = lerp(g, m, μ);
    const direction = orthogonalized(lerp(g, next, μ));
    const scale = Math.sqrt(Math.max(1, rows / columns));
    return { θ: sub(mul(θ, sub(1, mul(η, λ))), mul(mul(η, scale), direction)), m: next };
  },
});
