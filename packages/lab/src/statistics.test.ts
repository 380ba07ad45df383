import { expect, test } from "vitest";
import { meanInterval } from "./statistics.ts";

// Student's table: t(0.975) for 1, 2, 4, 9 and 29 degrees of freedom.
test.each([
  [2, 12.706],
  [3, 4.303],
  [5, 2.776],
  [10, 2.262],
  [30, 2.045],
])("the interval of %i measurements is that of Student's table", (n, t) => {
  const values = Array.from({ length: n }, (_, i) => i);
  const deviation = Math.sqrt((n * (n + 1)) / 12); // of 0 … n − 1, with n − 1 below
  const { mean, margin } = meanInterval(values);
  expect(mean).toBe((n - 1) / 2);
  expect(margin / (deviation / Math.sqrt(n))).toBeCloseTo(t, 3);
});

test("one measurement has an infinite margin, and equal ones have none", () => {
  expect(meanInterval([3])).toEqual({ mean: 3, margin: Infinity });
  expect(meanInterval([3, 3, 3])).toEqual({ mean: 3, margin: 0 });
});
