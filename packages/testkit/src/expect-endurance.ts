import { memory } from "@ansatz/core";
import { expect } from "vitest";

/**
 * Expects 10,000 steps to compile nothing and to add no memory after the first hundred. `step` gets the number of the
 * step, from 1, and returns its loss.
 */
export async function expectEndurance(step: (number: number) => Promise<number>): Promise<void> {
  let last = NaN;
  for (let number = 1; number <= 100; number++) last = await step(number);
  const before = memory();
  for (let number = 101; number <= 10_000; number++) last = await step(number);
  const after = memory();
  expect(last, "the loss").toSatisfy(Number.isFinite);
  expect(after.compilations, "compilations").toBe(before.compilations);
  expect(after.bytes, "bytes on the backend").toBeLessThanOrEqual(before.bytes);
}
