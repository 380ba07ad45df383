import { ArgumentError } from "@ansatz/core";
import { expect, test } from "vitest";
import { drawPoint, randomSearch, type Space } from "./index.ts";

const space: Space = {
  learningRate: { low: 1e-5, high: 1e-1, scale: "logarithmic", whole: false },
  width: { low: 1, high: 4, scale: "uniform", whole: true },
  optimizer: { values: ["adamw", "lion"] },
};

test("draws follow the scale of their range, and repeat for the same seed", () => {
  const points = Array.from({ length: 4_000 }, (_, draw) => drawPoint(space, 1, draw));
  const share = (holds: (point: (typeof points)[number]) => boolean) => points.filter(holds).length / points.length;
  expect(share((point) => (point["learningRate"] as number) < 1e-4)).toBeCloseTo(0.25, 1); // one decade of four
  for (const width of [1, 2, 3, 4]) expect(share((point) => point["width"] === width)).toBeCloseTo(0.25, 1);
  expect(share((point) => point["optimizer"] === "lion")).toBeCloseTo(0.5, 1);
  expect(drawPoint(space, 1, 7)).toEqual(points[7]);
  expect(drawPoint(space, 2, 7)).not.toEqual(points[7]);
});

test("a random search is its draws, one after the other, each to its end", () => {
  const search = randomSearch({ space, trials: 2, seed: 3 });
  const first = search([]);
  expect(first).toEqual({ trial: 0, point: drawPoint(space, 3, 0), share: 1 });
  const told = { point: drawPoint(space, 3, 0), state: "running", share: 1, measured: [] } as const;
  expect(search([told])).toEqual({ trial: 1, point: drawPoint(space, 3, 1), share: 1 });
  expect(search([told, told])).toBeUndefined();
});

test("invalid spaces and numbers are refused, with a way to fix them", () => {
  const refused = (own: Space, message: RegExp) =>
    expect(() => randomSearch({ space: own, trials: 1 })).toThrow(message);
  refused({}, /no settings\n {2}give it at least one/);
  refused({ a: { values: [] } }, /"a" has no values/);
  refused({ a: { low: 2, high: 1, scale: "uniform", whole: false } }, /"a" is from 2 to 1\n {2}write the lower end/);
  refused({ a: { low: NaN, high: 1, scale: "uniform", whole: false } }, /from NaN to 1/);
  refused({ a: { low: 0, high: 1, scale: "logarithmic", whole: false } }, /no logarithm\n {2}begin above 0/);
  expect(() => randomSearch({ space, trials: 0 })).toThrow(ArgumentError);
  expect(() => randomSearch({ space, trials: 1, seed: -1 })).toThrow(/the seed is -1/);
});
