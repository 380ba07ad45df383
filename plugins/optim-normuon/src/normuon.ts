import { add, ArgumentError, div, lerp, mean, mul, norm, sqrt, square, sub, zeros, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";
import { newtonSchulz } from "@ansatz/optim";

export interface NormuonOptions {
  /**
   * The Frobenius norm of a step, for a matrix of r rows and c columns and a learning rate of 1: ‖O‖ √max(1, r/c)
   * ("original", the authors' program, the default), which is Muon's, or 0.2 √(r c) ("matchRmsAdamw", the paper's
   * Algorithm 1), so that AdamW's rates and decay fit.
   */
  readonly adjustment?: "original" | "matchRmsAdamw";
  /** Whether the momentum is Nesterov's, as in the authors' program; in Algorithm 1 it isn't. Default: true. */
  readonly nesterov?: boolean;
}

/**
 * NorMuon with other options than the defaults: `normuonWith({ adjustment: "matchRmsAdamw", nesterov: false })` is the
 * paper's Algorithm 1.
 *
 * @throws ArgumentError for an unknown adjustment
 * @example normuonWith({ adjustment: "matchRmsAdamw" }).name  // "normuon"
 */
export function normuonWith({ adjustment = "original", nesterov = true }: NormuonOptions = {}) {
  if (!["original", "matchRmsAdamw"].includes(adjustment))
    throw new ArgumentError(
      `normuonWith: the adjustment is "${String(adjustment)}"\n  use one of original, matchRmsAdamw`,
    );
  return updateRule({
    name: "normuon",
    spec: 1,
    hyper: { momentum: 0.95, beta2: 0.95, epsilon: 1e-10, weightDecay: 0 },
    state: (θ) => {
      if (θ.rank !== 2)
        throw new ArgumentError(
          `normuon: a parameter is [${θ.shape.join(",")}], but normuon is for matrices\n` +
            "  give it a group with another rule: { where: (_name, { shape }) => shape.length !== 2, rule: adamw }",
        );
      return { m: zerosLike(θ), v: zeros([θ.shape[0]!, 1], { dtype: θ.dtype }) };
    },
    update({ θ, g, m, v, learningRate: η, momentum: μ, beta2: β2, epsilon: ε, weightDecay: λ }) {
      const [rows, columns] = θ.shape as [number, number];
      const nextM = lerp(g, m, μ);
      const O = newtonSchulz(nesterov ? lerp(g, nextM, μ) : nextM);
      const nextV = lerp(mean(square(O), -1, { keepDims: true }), v, β2);
      const normalized = div(O, add(sqrt(nextV), ε));
      const length =
        adjustment === "original"
          ? mul(norm(O), Math.sqrt(Math.max(1, rows / columns)))
          : 0.2 * Math.sqrt(rows * columns);
      const rate = div(mul(η, length), add(norm(normalized), ε));
      return { θ: sub(mul(θ, sub(1, mul(η, λ))), mul(rate, normalized)), m: nextM, v: nextV };
    },
  });
}

/**
 * NorMuon: Muon whose orthogonal steps are divided by the root of the mean square of each row, so that no neuron moves
 * much more than others. Li, Liu, Liang, Chen & Zhao 2025, arXiv:2510.05491, as in the authors' program. `normuonWith`
 * has the form of the paper's Algorithm 1.
 *
 *   m ← μ m + (1 − μ) g      O = NewtonSchulz((1 − μ) g + μ m)      v ← β₂ v + (1 − β₂) mean(O², columns)
 *   Ô = O / (√v + ε)      θ ← θ − η λ θ − η √max(1, rows / columns) ‖O‖ Ô / ‖Ô‖
 *
 * It keeps one number more for each row than Muon. Embeddings, the output layer and parameters that aren't matrices
 * need another rule, in a group of their own.
 *
 * @throws ArgumentError for a parameter that isn't a matrix
 * @example new Optimizer([parameter(zeros([2, 3]))], normuon, { learningRate: 0.02 }).rule.name  // "normuon"
 */
export const normuon = normuonWith();
