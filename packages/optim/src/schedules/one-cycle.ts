import { ArgumentError, type Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

export interface OneCycleOptions {
  /** The part of the steps that it rises; 0.3 unless given. */
  readonly rise?: number;
  /** The peak over the value that it begins with; 25 unless given. */
  readonly startDivisor?: number;
  /** The value that it begins with over the one that it ends with; 10⁴ unless given. */
  readonly endDivisor?: number;
}

/**
 * Up to `peak` along half a cosine, and down further than it began: super-convergence. Smith & Topin 2017,
 * arXiv:1708.07120; as PyTorch counts, it ends at step `steps` − 1.
 *
 * @throws ArgumentError unless there are steps to rise and to fall in, and both divisors are above 0
 * @example oneCycle(1, 11)(0)  // 0.04
 */
export function oneCycle(peak: number, steps: number, options: OneCycleOptions = {}): Schedule {
  const { rise = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  checkSteps("oneCycle", steps);
  if (!(startDivisor > 0 && endDivisor > 0))
    throw new ArgumentError(`oneCycle: the divisors are ${startDivisor} and ${endDivisor}\n  use numbers above 0`);
  const top = rise * steps - 1;
  const end = steps - 1;
  if (!(top > 0 && top < end))
    throw new ArgumentError(`oneCycle: it rises for ${rise} of ${steps} steps\n  use a part between 1/steps and 1`);
  const start = peak / startDivisor;
  const between = (from: number, to: number, part: number): number =>
    to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * part));
  return (step) =>
    step <= top
      ? between(start, peak, step / top)
      : between(peak, start / endDivisor, Math.min(1, (step - top) / (end - top)));
}
