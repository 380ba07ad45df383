import { div, exp, greater, log, mul, sub, sum, where, type Tensor } from "@ansatz/core";
import { reduced, type Reduction } from "./reduction.ts";
import { checkSameShape } from "./same-shape.ts";

export interface KLDivergenceOptions {
  /** Whether the target holds logarithms of probabilities, too. */
  readonly logTarget?: boolean;
  /** "batch", the sum by the length of the first axis, unless given: what the mathematics means. */
  readonly reduction?: Reduction | "batch";
}

/**
 * Kullback and Leibler's divergence of a distribution from a target: Σ p (ln p − ln q), in nats, with ln q given.
 * Kullback & Leibler 1951.
 *
 * logProbabilities and target have one shape; where p is 0 it adds nothing.
 *
 * @throws ShapeError when the shapes differ
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
