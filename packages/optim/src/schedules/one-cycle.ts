import { ArgumentError, type Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

export interface OneCycleOptions {
  /** The share of the steps in which it rises. Default: 0.3. */
  readonly rise?: number;
  /** The peak divided by the first value. Default: 25. */
  readonly startDivisor?: number;
  /** The first value divided by the last. Default: 10⁴. */
  readonly endDivisor?: number;
}

/**
 * Rises to `peak` along half a cosine, then falls to below its first value: super-convergence. Smith & Topin 2017,
 * arXiv:1708.07120. It ends at step `steps` − 1, as in PyTorch.
 *
 * @throws ArgumentError unless there are steps to rise and to fall, and both divisors are above 0
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
    throw new ArgumentError(`oneCycle: a rise of ${rise} of ${steps} steps\n  use a share between 1/steps and 1`);
  const start = peak / startDivisor;
  const between = (from: number, to: number, part: number): number =>
    to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * part));
  return (step) =>
    step <= top
      ? between(start, peak, step / top)
      : between(peak, start / endDivisor, Math.min(1, (step - top) / (end - top)));
}
