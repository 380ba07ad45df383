import { ArgumentError, type Schedule } from "@ansatz/core";

export interface Beta3WarmupOptions {
  /** The value at the start. Default: 0.9, the default of β₁. */
  readonly start?: number;
}

/**
 * AdEMAMix's schedule of α: a straight line from 0 to `alpha` over T updates, then `alpha`. Pagliardini et al. 2024,
 * arXiv:2409.03137, Section 3.1.
 *
 *   α(t) = min(t / T, 1) α
 *
 * t is 1 at the first update.
 *
 * @throws ArgumentError unless T is a whole number, 1 or more, and α is 0 or more
 * @example alphaWarmup(8, 4)(0)  // 2
 */
export function alphaWarmup(alpha: number, T: number): Schedule {
  checkSteps("alphaWarmup", T);
  if (!(alpha >= 0 && alpha < Infinity)) throw new ArgumentError(`alphaWarmup: alpha is ${alpha}\n  use 0 or more`);
  return (step) => Math.min((step + 1) / T, 1) * alpha;
}

/**
 * AdEMAMix's schedule of β₃: the half-life of the average grows along a straight line over T updates. Pagliardini et
 * al. 2024, arXiv:2409.03137, Section 3.1 and Appendix A.1.
 *
 *   1 / ln β₃(t) = (1 − t / T) / ln β_start + (t / T) / ln β₃, up to t = T, then β₃
 *
 * t is 1 at the first update. A straight line of β₃ itself would spend most of the time at short averages.
 *
 * @throws ArgumentError unless T is a whole number, 1 or more, and 0 ≤ β_start ≤ β₃ < 1
 * @example beta3Warmup(0.9999, 10)(9)  // 0.9999
 */
export function beta3Warmup(beta3: number, T: number, { start = 0.9 }: Beta3WarmupOptions = {}): Schedule {
  checkSteps("beta3Warmup", T);
  if (!(start >= 0 && start <= beta3 && beta3 < 1))
    throw new ArgumentError(
      `beta3Warmup: from ${start} to ${beta3}\n  use numbers from 0 to below 1, the first not above the second`,
    );
  return (step) => {
    const share = Math.min((step + 1) / T, 1);
    return share === 1 ? beta3 : Math.exp(1 / ((1 - share) / Math.log(start) + share / Math.log(beta3)));
  };
}

function checkSteps(op: string, T: number): void {
  if (!Number.isInteger(T) || T < 1) throw new ArgumentError(`${op}: T is ${T}\n  use a whole number, 1 or more`);
}
