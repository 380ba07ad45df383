import { ArgumentError } from "@ansatz/core";

/** @throws ArgumentError unless there is at least one step */
export function checkSteps(name: string, steps: number, what = "steps"): void {
  if (!(steps >= 1)) throw new ArgumentError(`${name}: ${steps} ${what}\n  use 1 or more`);
}

/** @throws ArgumentError unless a factor is above 0 and at most 1 */
export function checkFactor(name: string, factor: number): void {
  if (!(factor > 0 && factor <= 1))
    throw new ArgumentError(`${name}: the factor is ${factor}\n  use a number above 0, at most 1`);
}
