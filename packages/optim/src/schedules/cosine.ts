import type { Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

export interface CosineOptions {
  /** The lowest value. Default: 0. */
  readonly floor?: number;
  /** Whether it rises again along the cosine after `steps` steps, as PyTorch's CosineAnnealingLR. Default: false. */
  readonly periodic?: boolean;
}

/**
 * From `peak` to `floor` along half a cosine over `steps` steps, then constant. Loshchilov & Hutter 2016,
 * arXiv:1608.03983, equation 5.
 *
 *   floor + ½ (peak − floor) (1 + cos(π step / steps))
 *
 * @throws ArgumentError unless there is at least one step
 * @example cosine(1, 4)(2)  // 0.5
 */
export function cosine(peak: number, steps: number, options: CosineOptions = {}): Schedule {
  checkSteps("cosine", steps);
  const { floor = 0, periodic = false } = options;
  return (step) => {
    const share = periodic ? step / steps : Math.min(1, step / steps);
    return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * share));
  };
}
