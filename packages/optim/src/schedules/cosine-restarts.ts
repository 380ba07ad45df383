import { ArgumentError, type Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

export interface CosineRestartsOptions {
  /** The lowest value. Default: 0. */
  readonly floor?: number;
  /** How many times longer each cycle is than the one before, a whole number. Default: 1. */
  readonly growth?: number;
}

/**
 * Half a cosine from `peak` to `floor` over `steps` steps, again and again: stochastic gradient descent with warm
 * restarts. Loshchilov & Hutter 2016, arXiv:1608.03983.
 *
 * @throws ArgumentError unless there is at least one step, and the growth is a whole number
 * @example cosineRestarts(1, 4)(4)  // 1
 */
export function cosineRestarts(peak: number, steps: number, options: CosineRestartsOptions = {}): Schedule {
  checkSteps("cosineRestarts", steps);
  const { floor = 0, growth = 1 } = options;
  if (!Number.isInteger(growth) || growth < 1)
    throw new ArgumentError(`cosineRestarts: the growth is ${growth}\n  use a whole number, 1 or more`);
  return (step) => {
    let [start, length] = [0, steps];
    if (growth === 1) start = Math.floor(step / steps) * steps;
    else while (step >= start + length) [start, length] = [start + length, length * growth];
    return floor + 0.5 * (peak - floor) * (1 + Math.cos((Math.PI * (step - start)) / length));
  };
}
