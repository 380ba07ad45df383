import { expect, test } from "vitest";
import { importance, type Outcome } from "./index.ts";
import { recorded, recordedSpace } from "./testing.ts";

test.each(recorded.studies.map((study) => [study.outcomes.length, study] as const))(
  "over %i trials it is Optuna's",
  (_, { outcomes, importance: expected }) => {
    const found = importance(recordedSpace, outcomes);
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, part] of Object.entries(expected)) expect(found[name]).toBeCloseTo(part, 9);
  },
);

test("the setting that decides comes first, a failed trial is among the others, and the parts sum to 1", () => {
  const outcomes = Array.from({ length: 60 }, (_, i): Outcome => {
    const [learningRate, dropout] = [10 ** (-5 + (4 * ((i * 17) % 60)) / 59), (0.5 * ((i * 23) % 60)) / 59];
    const point = { learningRate, dropout, layers: 1 + (i % 9), width: 4 + i, optimizer: "sgd" };
    return { point, value: learningRate > 3e-2 ? NaN : Math.abs(Math.log10(learningRate) + 3) };
  });
  const found = importance(recordedSpace, outcomes);
  const sum = Object.values(found).reduce((total, part) => total + part, 0);
  expect(sum).toBeCloseTo(1, 12);
  expect(found["learningRate"]).toBe(Math.max(...Object.values(found)));
  expect(found["optimizer"]).toBeCloseTo(0, 2);
});

test("two trials say nothing", () => {
  const { outcomes } = recorded.studies[0]!;
  expect(importance(recordedSpace, outcomes.slice(0, 2))).toEqual(
    Object.fromEntries(Object.keys(recordedSpace).map((name) => [name, 0.2])),
  );
});
