import { ArgumentError, type Schedule } from "@ansatz/core";

/**
 * Rises linearly over `steps` steps to the first value of `after`, then follows `after`.
 *
 * Step 1 is 1/steps of the way up. `after` counts its steps from the end of the warm-up.
 *
 * @throws ArgumentError unless the steps are a whole number, 0 or more
 * @example warmup(4, constant(1))(1)  // 0.25
 */
export function warmup(steps: number, after: Schedule): Schedule {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ArgumentError(`warmup: ${steps} steps\n  use a whole number, 0 or more`);
  return (step) => (step < steps ? (after(0) * step) / steps : after(step - steps));
}
