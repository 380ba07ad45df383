import type { Schedule } from "@ansatz/core";

/**
 * The same value at every step.
 *
 * @example constant(0.1)(7)  // 0.1
 */
export function constant(value: number): Schedule {
  return () => value;
}
