import type { Schedule } from "@ansatz/core";
import { checkFactor, checkSteps } from "./check-steps.ts";

/**
 * Falls by a factor every `every` steps: from · factor^⌊step / every⌋. The factor is 0.1 by default.
 *
 * @throws ArgumentError unless `every` is at least 1, and the factor is above 0 and at most 1
 * @example [0, 9, 10, 20].map(stepDecay(1, 10))  // [1, 1, 0.1, 0.01]
 */
export function stepDecay(from: number, every: number, options: { readonly factor?: number } = {}): Schedule {
  const { factor = 0.1 } = options;
  checkSteps("stepDecay", every);
  checkFactor("stepDecay", factor);
  return (step) => from * factor ** Math.floor(step / every);
}
