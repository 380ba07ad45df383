import { expect, test } from "vitest";
import { errorFunction } from "./erf.ts";

test("erf is right to fifteen digits", () => {
  // Abramowitz & Stegun, table 7.1, and 50-digit values of mpmath.
  const known: readonly (readonly [number, number])[] = [
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
  ];
  for (const [x, y] of known) {
    expect(Math.abs(errorFunction(x) - y)).toBeLessThan(1e-15);
    expect(errorFunction(-x)).toBe(-errorFunction(x));
  }
  expect([errorFunction(0), errorFunction(Infinity), errorFunction(-Infinity), errorFunction(NaN)]).toEqual([
    0,
    1,
    -1,
    NaN,
  ]);
});
