import type { Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

/**
 * From `from` to `to` linearly over `steps` steps, then constant.
 *
 * @throws ArgumentError unless there is at least one step
 * @example linear(1, 0, 4)(1)  // 0.75
 */
export function linear(from: number, to: number, steps: number): Schedule {
  checkSteps("linear", steps);
  return (step) => from + (to - from) * Math.min(1, step / steps);
}
