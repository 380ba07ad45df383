import type { Schedule } from "@ansatz/core";
import { checkFactor } from "./check-steps.ts";

/**
 * Falls by the same factor at every step: from · factorˢᵗᵉᵖ.
 *
 * @throws ArgumentError unless the factor is above 0 and at most 1
 * @example exponential(1, 0.5)(3)  // 0.125
 */
export function exponential(from: number, factor: number): Schedule {
  checkFactor("exponential", factor);
  return (step) => from * factor ** step;
}
