import type { Tensor } from "@ansatz/core";
import { expect } from "vitest";

/**
 * Expects the same shape, and elements that differ by at most `tolerance` times the largest expected one, or times 1 if
 * that is less. Default: 1e-5.
 *
 * @example await expectClose(tensor([1, 2.000001]), tensor([1, 2])) // undefined
 */
export async function expectClose(actual: Tensor, expected: Tensor, tolerance = 1e-5): Promise<void> {
  expect(actual.shape).toEqual(expected.shape);
  const [found, wanted] = [await actual.data(), await expected.data()];
  const scale = Math.max(1, ...Array.from(wanted, Math.abs));
  for (const [i, value] of wanted.entries()) {
    const difference = Math.abs(found[i]! - value);
    if (!(difference <= tolerance * scale))
      expect(difference, `element ${i}: ${found[i]!}, not ${value}`).toBeLessThanOrEqual(tolerance * scale);
  }
}
