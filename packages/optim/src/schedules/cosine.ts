import type { Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

/**
 * From `peak` to `floor` along half a cosine over `steps` steps, then constant. Loshchilov & Hutter 2016,
 * arXiv:1608.03983.
 *
 *   floor + ½ (peak − floor) (1 + cos(π step / steps))
 *
 * @throws ArgumentError unless there is at least one step
 * @example cosine(1, 4)(2)  // 0.5
 */
export function cosine(peak: number, steps: number, options: { readonly floor?: number } = {}): Schedule {
  checkSteps("cosine", steps);
  const { floor = 0 } = options;
  return (step) => floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)));
}
