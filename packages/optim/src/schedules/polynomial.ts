import { ArgumentError, type Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

/**
 * From `from` to 0 over `steps` steps along a power of the remaining share: from · (1 − step / steps)^power, then 0.
 *
 * @throws ArgumentError unless there is at least one step, and the power is above 0
 * @example polynomial(1, 4, { power: 2 })(2)  // 0.25
 */
export function polynomial(from: number, steps: number, options: { readonly power?: number } = {}): Schedule {
  const { power = 1 } = options;
  checkSteps("polynomial", steps);
  if (!(power > 0)) throw new ArgumentError(`polynomial: the power is ${power}\n  use a number above 0`);
  return (step) => from * (1 - Math.min(1, step / steps)) ** power;
}
