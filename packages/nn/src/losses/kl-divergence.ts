import { div, exp, greater, log, mul, sub, sum, where, type Tensor } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

export interface KLDivergenceOptions {
  /** Whether the target also holds logarithms of probabilities. Default: false. */
  readonly logTarget?: boolean;
  /** "batch" is the sum divided by the length of the first axis, as the definition says. Default: "batch". */
  readonly reduction?: Reduction | "batch";
}

/**
 * The Kullback–Leibler divergence of a target p from a distribution q, given as ln q: Σ p (ln p − ln q), in nats.
 * Kullback & Leibler 1951.
 *
 * logProbabilities and target have the same shape. An element with p = 0 adds nothing.
 *
 * @throws ShapeError if the shapes differ
 * @example klDivergence(log(tensor([[0.5, 0.5]])), tensor([[1, 0]]))  // 0.6931
 */
export function klDivergence(logProbabilities: Tensor, target: Tensor, options: KLDivergenceOptions = {}): Tensor {
  checkSameShape("klDivergence", ["logProbabilities", "target"], logProbabilities, target);
  const { logTarget = false, reduction = "batch" } = options;
  const elements = logTarget
    ? mul(exp(target), sub(target, logProbabilities))
    : fromProbabilities(logProbabilities, target);
  return reduction === "batch"
    ? div(sum(elements), logProbabilities.shape[0] ?? 1)
    : reduced("klDivergence", elements, reduction);
}

function fromProbabilities(logProbabilities: Tensor, target: Tensor): Tensor {
  const present = greater(target, 0);
  return where(present, mul(target, sub(log(where(present, target, 1)), logProbabilities)), 0);
}
