import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  grad,
  Optimizer,
  parameter,
  realize,
  StateError,
  tensor,
  use,
  type Schedule,
} from "@ansatz/core";
import { describe, expect, test } from "vitest";
import { recorded } from "./golden.ts";
import {
  constant,
  cosine,
  cosineRestarts,
  cyclic,
  exponential,
  join,
  linear,
  oneCycle,
  polynomial,
  ReduceOnPlateau,
  sgd,
  stepDecay,
  warmup,
} from "./index.ts";

const golden = await recorded("schedules");

const schedules: readonly (readonly [string, Schedule])[] = [
  ["constant", constant(0.4)],
  ["linear", linear(0.1, 0.4, 12)],
  ["cosine", cosine(0.4, 20, { floor: 0.1 })],
  ["cosine-periodic", cosine(0.4, 9, { floor: 0.1, periodic: true })],
  ["cosineRestarts", cosineRestarts(0.4, 4, { growth: 2, floor: 0.1 })],
  ["cosineRestarts-even", cosineRestarts(0.4, 7)],
  ["cyclic", cyclic(0.1, 0.4, 3, { fall: 5 })],
  ["cyclic-halving", cyclic(0.1, 0.4, 4, { cycleFactor: 0.5 })],
  ["cyclic-falling", cyclic(0.1, 0.4, 4, { stepFactor: 0.9 })],
  ["exponential", exponential(0.4, 0.9)],
  ["stepDecay", stepDecay(0.4, 8, { factor: 0.3 })],
  ["oneCycle", oneCycle(0.4, 31)],
  ["oneCycle-settings", oneCycle(0.4, 31, { rise: 0.5, startDivisor: 10, endDivisor: 100 })],
  ["oneCycle-linear", oneCycle(0.4, 31, { curve: "linear" })],
  ["oneCycle-three", oneCycle(0.4, 31, { threePhases: true, endDivisor: 100 })],
  ["oneCycle-three-linear", oneCycle(0.4, 31, { rise: 0.4, threePhases: true, curve: "linear" })],
  ["oneCycle-momentum", oneCycle(0.85, 31, { startDivisor: 0.85 / 0.95, endDivisor: 1 })],
  ["oneCycle-three-momentum", oneCycle(0.85, 31, { startDivisor: 0.85 / 0.95, endDivisor: 1, threePhases: true })],
  ["warmup-cosine", warmup(5, cosine(0.4, 25))],
  ["warmup-cosine-floor", warmup(5, cosine(0.4, 25, { floor: 0.1 }))],
  ["warmup-linear", warmup(5, linear(0.4, 0, 20))],
  ["warmup-constant", warmup(5, constant(0.4))],
  ["warmup-third", join([linear(0.4 / 3, 0.4, 6), cosine(0.4, 24)], [6])],
  ["polynomial", polynomial(0.4, 20, { power: 2.5 })],
  ["join", join([linear(0.04, 0.4, 5), exponential(0.4, 0.8), constant(0.4)], [5, 15])],
];

test.each(schedules)("%s, as PyTorch's", (name, schedule) => {
  for (const [step, rate] of golden[name]!.data.entries()) expect(schedule(step), `step ${step}`).toBeCloseTo(rate, 10);
});

test.each(schedules)("%s inside an optimizer, update by update as in PyTorch", async (name, schedule) => {
  await use(cpu());
  const own = parameter(tensor([0], { dtype: "float64" }));
  const optimizer = new Optimizer([own], sgd, { learningRate: schedule });
  let sum = 0;
  for (const rate of golden[name]!.data) {
    optimizer.update(grad(own.read().sum(), [own]));
    await realize();
    expect(optimizer.learningRate).toBeCloseTo(rate, 10);
    expect(await own.read().item()).toBeCloseTo((sum -= rate), 10);
  }
});

describe("reduce on plateau, as PyTorch's:", () => {
  const metrics = [...golden["metrics"]!.data];

  test.each([
    [
      "plateau",
      new ReduceOnPlateau(0.4, { patience: 2, factor: 0.5, cooldown: 3, floor: 0.1 }),
      (metric: number) => metric,
    ],
    ["plateau-max", new ReduceOnPlateau(0.4, { mode: "max", patience: 1 }), (metric: number) => 4 - metric],
    [
      "plateau-absolute",
      new ReduceOnPlateau(0.4, { patience: 1, threshold: 0.9, thresholdMode: "absolute" }),
      (metric: number) => metric,
    ],
    [
      "plateau-max-absolute",
      new ReduceOnPlateau(0.4, { mode: "max", patience: 1, threshold: 0.9, thresholdMode: "absolute" }),
      (metric: number) => 4 - metric,
    ],
  ] as const)("%s", (name, plateau, seen) => {
    const expected = [...golden[name]!.data];
    expect(new Set(expected).size).toBeGreaterThan(2);
    for (const [step, metric] of metrics.entries()) {
      expect(plateau.schedule(step), `step ${step}`).toBeCloseTo(expected[step]!, 10);
      plateau.observe(seen(metric));
    }
  });

  test("its state goes out and in", () => {
    const [one, other] = [new ReduceOnPlateau(1, { patience: 1 }), new ReduceOnPlateau(1, { patience: 1 })];
    for (const metric of [1, 1]) one.observe(metric);
    other.loadStateDict(JSON.parse(JSON.stringify(one.stateDict())) as ReturnType<typeof one.stateDict>);
    other.observe(1);
    expect(other.schedule(1)).toBeCloseTo(0.1, 12);
    expect(() => other.loadStateDict({ ...one.stateDict(), value: NaN })).toThrow(StateError);
  });

  test("nonsense is refused", () => {
    expect(() => new ReduceOnPlateau(1, { factor: 2 })).toThrow(ArgumentError);
    expect(() => new ReduceOnPlateau(1, { patience: -1 })).toThrow(/patience/);
    expect(() => new ReduceOnPlateau(1, { thresholdMode: "abs" as "absolute" })).toThrow(
      /thresholdMode is "abs"\n {2}use "relative" or "absolute"/,
    );
    expect(() => new ReduceOnPlateau(1).observe(NaN)).toThrow(/NaN/);
  });
});

describe("as their formulas say:", () => {
  test("linear, up or down, then level", () => {
    expect([0, 1, 2, 4, 9].map(linear(0, 8, 4))).toEqual([0, 2, 4, 8, 8]);
    expect([0, 1, 4, 5].map(linear(1, 0, 4))).toEqual([1, 0.75, 0, 0]);
  });

  test("cosine from its peak to its floor, halfway in the middle", () => {
    const schedule = cosine(2, 8, { floor: 1 });
    expect(schedule(0)).toBe(2);
    expect(schedule(4)).toBeCloseTo(1.5, 12);
    expect(schedule(2)).toBeCloseTo(1.5 + Math.SQRT1_2 / 2, 12);
    expect(schedule(8)).toBe(1);
    expect(schedule(100)).toBe(1);
  });

  test("warm-up rises to where the schedule behind it begins, which then counts from 0", () => {
    const schedule = warmup(4, linear(8, 0, 8));
    expect([1, 2, 4, 5, 12].map(schedule)).toEqual([2, 4, 8, 7, 0]);
    expect(warmup(0, constant(3))(1)).toBe(3);
  });

  test("one cycle stays where it ends", () => expect(oneCycle(0.4, 10)(50)).toBeCloseTo(0.4 / 25 / 1e4, 15));
});

test.each([
  ["linear", () => linear(0, 1, 0)],
  ["cosine", () => cosine(1, -1)],
  ["cosine", () => cosine(1, NaN)],
  ["cosineRestarts", () => cosineRestarts(1, 4, { growth: 1.5 })],
  ["cyclic", () => cyclic(0, 1, 0)],
  ["cyclic", () => cyclic(0, 1, 2, { cycleFactor: 2 })],
  ["exponential", () => exponential(1, 0)],
  ["stepDecay", () => stepDecay(1, 0)],
  ["oneCycle", () => oneCycle(1, 3, { rise: 0.1 })],
  ["oneCycle", () => oneCycle(1, 30, { startDivisor: 0 })],
  ["oneCycle", () => oneCycle(1, 30, { rise: 0.6, threePhases: true })],
  ["oneCycle", () => oneCycle(1, 30, { curve: "cubic" as "linear" })],
  ["polynomial", () => polynomial(1, 4, { power: 0 })],
  ["join", () => join([constant(1)], [1])],
  ["join", () => join([constant(1), constant(2)], [0])],
  ["warmup", () => warmup(1.5, constant(1))],
  ["warmup", () => warmup(-1, constant(1))],
])("%s refuses what makes no sense", (name, make) => {
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(new RegExp(`^${name}:`));
});
