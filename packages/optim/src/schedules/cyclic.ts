import type { Schedule } from "@ansatz/core";
import { checkFactor, checkSteps } from "./check-steps.ts";

export interface CyclicOptions {
  /** How many steps it falls. Default: as many as it rises. */
  readonly fall?: number;
  /** The height of each cycle relative to the one before. Default: 1. ½ is PyTorch's "triangular2". */
  readonly cycleFactor?: number;
  /** The height at each step relative to the one before. Default: 1. Below 1 it is PyTorch's "exp_range". */
  readonly stepFactor?: number;
}

/**
 * Triangles between `low` and `high`: it rises for `rise` steps, then falls. Smith 2015, arXiv:1506.01186.
 *
 * @throws ArgumentError unless it rises and falls for at least one step, and the factors are above 0 and at most 1
 * @example [0, 1, 2, 3, 4].map(cyclic(0, 1, 2))  // [0, 0.5, 1, 0.5, 0]
 */
export function cyclic(low: number, high: number, rise: number, options: CyclicOptions = {}): Schedule {
  const { fall = rise, cycleFactor = 1, stepFactor = 1 } = options;
  checkSteps("cyclic", rise, "steps of rising");
  checkSteps("cyclic", fall, "steps of falling");
  checkFactor("cyclic", cycleFactor);
  checkFactor("cyclic", stepFactor);
  return (step) => {
    const cycle = Math.floor(step / (rise + fall));
    const within = step - cycle * (rise + fall);
    const height = within <= rise ? within / rise : (rise + fall - within) / fall;
    return low + (high - low) * height * cycleFactor ** cycle * stepFactor ** step;
  };
}
