import { ArgumentError, type Schedule } from "@ansatz/core";
import { checkSteps } from "./check-steps.ts";

export interface OneCycleOptions {
  /** The share of the steps in which it rises. Default: 0.3. */
  readonly rise?: number;
  /** The peak divided by the first value. Default: 25. */
  readonly startDivisor?: number;
  /** The first value divided by the last. Default: 10⁴. */
  readonly endDivisor?: number;
  /** The curve of each phase. Default: "cosine". */
  readonly curve?: "cosine" | "linear";
  /**
   * Whether it falls to the first value in as many steps as it rises, and to the last in the rest, as in the paper.
   * Default: false.
   */
  readonly threePhases?: boolean;
}

const curves = {
  cosine: (from: number, to: number, part: number) => to + 0.5 * (from - to) * (1 + Math.cos(Math.PI * part)),
  linear: (from: number, to: number, part: number) => from + (to - from) * part,
};

/**
 * Rises to `peak`, then falls to below its first value: super-convergence. Smith & Topin 2017, arXiv:1708.07120. It
 * ends at step `steps` − 1, as in PyTorch, whose defaults it has.
 *
 * PyTorch lets the momentum fall and rise at the same time, by default from 0.95 to 0.85 and back: give the setting
 * `momentum` or `beta1` the schedule `oneCycle(0.85, steps, { startDivisor: 0.85 / 0.95, endDivisor: 1 })`.
 *
 * @throws ArgumentError unless there are steps for each phase, the divisors are above 0, and the curve is known
 * @example oneCycle(1, 11)(0)  // 0.04
 */
export function oneCycle(peak: number, steps: number, options: OneCycleOptions = {}): Schedule {
  const { rise = 0.3, startDivisor = 25, endDivisor = 1e4, curve = "cosine", threePhases = false } = options;
  checkSteps("oneCycle", steps);
  if (!(startDivisor > 0 && endDivisor > 0))
    throw new ArgumentError(`oneCycle: the divisors are ${startDivisor} and ${endDivisor}\n  use numbers above 0`);
  if (!Object.hasOwn(curves, curve))
    throw new ArgumentError(`oneCycle: the curve is "${String(curve)}"\n  use "cosine" or "linear"`);
  const start = peak / startDivisor;
  const top = rise * steps - 1;
  /** Where each phase ends, and its value there. */
  const phases: readonly (readonly [end: number, value: number])[] = [
    [top, peak],
    ...(threePhases ? [[2 * top, start] as const] : []),
    [steps - 1, start / endDivisor],
  ];
  if (phases.some(([end], i) => !(end > (phases[i - 1]?.[0] ?? 0))))
    throw new ArgumentError(
      `oneCycle: a rise of ${rise} of ${steps} steps\n  use a share between 1/steps and ${threePhases ? "1/2" : "1"}`,
    );
  return (step) => {
    let [from, value] = [0, start];
    for (const [end, next] of phases) {
      if (step <= end) return curves[curve](value, next, (step - from) / (end - from));
      [from, value] = [end, next];
    }
    return value;
  };
}
