import { ArgumentError, lerp, mul, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";
import { checkIterations, newtonSchulz, type NewtonSchulzOptions } from "./newton-schulz.ts";

export interface MuonOptions extends Pick<NewtonSchulzOptions, "iterations" | "coefficients"> {
  /**
   * What the learning rate is multiplied by, for a matrix of r rows and c columns: √max(1, r/c) ("original", Jordan et
   * al. 2024, the default), 0.2 √max(r, c) ("matchRmsAdamw", so that AdamW's rates and decay fit: Liu et al. 2025,
   * arXiv:2502.16982), or √(r/c) ("spectralUnclamped", Bernstein 2025). PyTorch's `adjust_lr_fn`.
   */
  readonly adjustment?: keyof typeof adjustments;
  /** Whether the momentum is Nesterov's. Default: true. */
  readonly nesterov?: boolean;
}

const adjustments = {
  original: (rows: number, columns: number) => Math.sqrt(Math.max(1, rows / columns)),
  matchRmsAdamw: (rows: number, columns: number) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectralUnclamped: (rows: number, columns: number) => Math.sqrt(rows / columns),
};

/**
 * Muon with other options than the defaults: `muonWith({ adjustment: "matchRmsAdamw" })`.
 *
 * @throws ArgumentError for an unknown adjustment, or unless the iterations are a whole number from 1 to 99
 * @example muonWith({ adjustment: "matchRmsAdamw" }).name  // "muon"
 */
export function muonWith(options: MuonOptions = {}) {
  const { adjustment = "original", nesterov = true, ...iteration } = options;
  const adjusted = Object.hasOwn(adjustments, adjustment) ? adjustments[adjustment] : undefined;
  if (adjusted === undefined)
    throw new ArgumentError(
      `muonWith: the adjustment is "${String(adjustment)}"\n  use one of ${Object.keys(adjustments).join(", ")}`,
    );
  checkIterations("muonWith", iteration.iterations);
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
      const direction = newtonSchulz(nesterov ? lerp(g, next, μ) : next, { ...iteration, epsilon: ε });
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
