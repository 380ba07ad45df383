import { ArgumentError, type Schedule } from "@ansatz/core";

/** The same at every step. */
export function constant(value: number): Schedule {
  return () => value;
}

/**
 * From `from` to `to` in a straight line over `steps` steps, then constant.
 *
 * @throws ArgumentError unless there is at least one step
 */
export function linear(from: number, to: number, steps: number): Schedule {
  checkSteps("linear", steps);
  return (step) => from + (to - from) * Math.min(1, step / steps);
}

/**
 * From `peak` to `floor` along half a cosine over `steps` steps, then constant. Loshchilov & Hutter 2016, arXiv:1608.03983.
 *
 *   floor + ½ (peak − floor) (1 + cos(π step / steps))
 */
export function cosine(peak: number, steps: number, options: { readonly floor?: number } = {}): Schedule {
  checkSteps("cosine", steps);
  const { floor = 0 } = options;
  return (step) => floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)));
}

/**
 * Rises in a straight line to what `after` begins with, over `steps` steps, then follows it.
 *
 * Step 1 is 1/steps of the way up; `after` counts from the end of the warm-up.
 */
export function warmup(steps: number, after: Schedule): Schedule {
  if (!Number.isInteger(steps) || steps < 0) throw new ArgumentError(`warmup: ${steps} steps\n  use a whole number, 0 or more`);
  return (step) => (step < steps ? (after(0) * step) / steps : after(step - steps));
}

function checkSteps(name: string, steps: number): void {
  if (!(steps >= 1)) throw new ArgumentError(`${name}: ${steps} steps\n  use 1 or more`);
}
