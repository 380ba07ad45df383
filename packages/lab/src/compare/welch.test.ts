import { expect, test } from "vitest";
import { meanInterval } from "../statistics.ts";
import { holm, welchTest } from "./welch.ts";

// SciPy 1.17.1: ttest_ind(a, b, equal_var=False), its confidence_interval(), and t.interval(0.95, len(c) - 1, mean(c),
// sem(c)).
const a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
const b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4];
const [c, d] = [
  [1.8, 1.82, 1.79],
  [1.9, 1.97, 1.93, 1.95],
];

test("Welch's test agrees with SciPy", () => {
  const first = welchTest(a, b)!;
  expect([first.t, first.degreesOfFreedom, first.p, first.low, first.high]).toEqual(
    [-2.455356398286006, 24.988529290231416, 0.021378001462866992, -3.984096267140929, -0.3492370661924069].map((x) =>
      expect.closeTo(x, 9),
    ),
  );
  const second = welchTest(c, d)!;
  expect([second.t, second.degreesOfFreedom, second.p, second.low, second.high]).toEqual(
    [-7.737166234448613, 4.615795563652478, 0.0008216601131941198, -0.1798813870097989, -0.0884519463235342].map((x) =>
      expect.closeTo(x, 9),
    ),
  );
  expect(welchTest(d, c)!.p).toBeCloseTo(second.p, 12);
});

test("there is no result for single values and for values without spread", () => {
  expect(welchTest([1], b)).toBeUndefined();
  expect(welchTest([1, 1], [2, 2])).toBeUndefined();
  expect(welchTest([1, 1], [2, 3])).toBeDefined();
});

test("the interval of a mean agrees with SciPy", () => {
  expect(meanInterval(c).margin).toBeCloseTo((1.841279163669301 - 1.765387502997366) / 2, 9);
});

test("Holm's correction: the paper's steps, never falling, never above 1", () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06].map((x) => expect.closeTo(x, 12)));
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
