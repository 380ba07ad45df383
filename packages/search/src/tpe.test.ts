import { expect, test } from "vitest";
import { drawPoint, randomSearch, tpe, type Point, type Space, type Trial } from "./index.ts";
import { ParzenEstimator } from "./parzen-estimator.ts";
import { carryOut, recorded, recordedSpace } from "./testing.ts";
import { split, weightsOf } from "./tpe.ts";

test.each(recorded.estimators.map((own) => [own.points.length, own] as const))(
  "the density around %i points is Optuna's",
  (count, { points, at, logDensities }) => {
    const estimator = new ParzenEstimator(recordedSpace, points, weightsOf(count));
    for (const [i, point] of at.entries()) expect(estimator.logDensity(point)).toBeCloseTo(logDensities[i]!, 9);
  },
);

test("as many trials are good, and old ones count as much, as in Optuna", () => {
  const ended = (value: number): Trial => ({
    point: { value },
    state: "ended",
    share: 1,
    measured: [{ share: 1, value }],
  });
  for (const [count, good] of recorded.goodOf) {
    const trials = Array.from({ length: count }, (_, i) => ended((i * 7919) % 1_009));
    const [best, others] = split(trials);
    expect(best).toHaveLength(good);
    expect(others).toHaveLength(count - good);
    const worst = Math.max(...best.map(({ value }) => value as number));
    expect(others.every(({ value }) => (value as number) >= worst)).toBe(true);
  }
  for (const [count, weights] of recorded.weightsOf)
    for (const [i, weight] of weightsOf(count).entries()) expect(weight).toBeCloseTo(weights[i]!, 12);
});

test("draws follow the density that is given for them", () => {
  const space: Space = {
    a: { low: 0, high: 10, scale: "uniform", whole: false },
    b: { low: 1, high: 8, scale: "logarithmic", whole: true },
    c: { values: ["x", "y"] },
  };
  const estimator = new ParzenEstimator(space, [
    { a: 2, b: 2, c: "x" },
    { a: 3, b: 8, c: "y" },
  ]);
  let draw = 0;
  // Weyl sequences fill the unit cube evenly.
  const points = Array.from({ length: 20_000 }, () => {
    draw++;
    return estimator.draw((i) => (draw * [0.8191725, 0.6710436, 0.5497005, 0.4503013][i]!) % 1);
  });
  const others = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((b) => ["x", "y"].map((c) => ({ b, c })));
  for (const [from, to] of [
    [0, 1],
    [2, 3],
    [6, 10],
  ] as const) {
    const width = (to - from) / 200;
    const cells = Array.from({ length: 200 }, (_, i) => from + (i + 0.5) * width);
    const mass = cells.reduce(
      (sum, a) => sum + width * others.reduce((own, other) => own + Math.exp(estimator.logDensity({ a, ...other })), 0),
      0,
    );
    const share = points.filter(({ a }) => (a as number) >= from && (a as number) < to).length / points.length;
    expect(share).toBeCloseTo(mass, 2);
  }
});

const space: Space = {
  x: { low: -5, high: 5, scale: "uniform", whole: false },
  y: { low: 1e-5, high: 1, scale: "logarithmic", whole: false },
  kind: { values: ["good", "bad"] },
};
const bowl = ({ x, y, kind }: Point) =>
  ((x as number) - 1) ** 2 + (Math.log10(y as number) + 3) ** 2 + (kind === "bad" ? 3 : 0);
const best = (trials: readonly Trial[]) => Math.min(...trials.map(({ point }) => bowl(point)));

test("in a bowl it beats random search with as many trials, for nine of ten seeds", () => {
  const better = Array.from({ length: 10 }, (_, i) => {
    const options = { space, trials: 60, seed: i + 1 };
    return best(carryOut(tpe(options), bowl).trials) <= best(carryOut(randomSearch(options), bowl).trials);
  });
  expect(better.filter(Boolean).length).toBeGreaterThanOrEqual(9);
});

test("the first trials are those of random search; the answer depends on what is told alone", () => {
  const options = { space, trials: 30, seed: 5 };
  const { trials } = carryOut(tpe(options), bowl);
  for (let i = 0; i < 10; i++) expect(trials[i]!.point).toEqual(drawPoint(space, 5, i));
  const again = JSON.parse(JSON.stringify(trials)) as Trial[];
  for (const length of [3, 12, 29])
    expect(tpe(options)(again.slice(0, length))).toEqual({ trial: length, point: trials[length]!.point, share: 1 });
  expect(tpe(options)(trials)).toBeUndefined();
});

test("failed trials are avoided, and workers do not all try the same", () => {
  const failing = (point: Point) => ((point["x"] as number) > 0 ? Infinity : bowl(point));
  let failed = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const { trials } = carryOut(tpe({ space, trials: 60, seed }), failing, { workers: 4 });
    failed += trials.slice(30).filter(({ state }) => state === "failed").length;
  }
  expect(failed / 150).toBeLessThan(0.4); // of random draws half would fail
  const { trials } = carryOut(tpe({ space, trials: 60, seed: 2 }), failing, { workers: 4 });
  const points = new Set(trials.map(({ point }) => JSON.stringify(point)));
  expect(points.size).toBe(60);
});

test("numbers that it cannot have are refused", () => {
  expect(() => tpe({ space, trials: 5, startup: 0 })).toThrow(/random trials is 0\n {2}use a whole number, 1 or more/);
  expect(() => tpe({ space, trials: 5, candidates: 1.5 })).toThrow(/draws is 1.5/);
});
