import { expect, test } from "vitest";
import { asha, drawPoint, rungShares, type Space, type Trial } from "./index.ts";
import { carryOut } from "./testing.ts";

const space: Space = { x: { low: 0, high: 1, scale: "uniform", whole: false } };
const x = ({ x: value }: Trial["point"]) => value as number;

test("Algorithm 2 by hand: 1 of 3 goes on, the highest rung first, and a later trial may overtake", () => {
  const search = asha({ space, trials: 9, reduction: 3, rungs: 3 });
  const [first, second] = [1 / 9, 1 / 3];
  const told: Trial[] = [];
  const tell = (values: readonly number[]) => {
    for (const value of values)
      told.push({ point: { x: value }, state: "paused", share: first, measured: [{ share: first, value }] });
  };
  tell([0.5, 0.4]);
  expect(search(told)).toMatchObject({ trial: 2, share: first }); // a third of two trials is none
  tell([0.6]);
  expect(search(told)).toMatchObject({ trial: 1, point: { x: 0.4 }, share: second }); // 0.4 is the best of three
  told[1] = { point: { x: 0.4 }, state: "running", share: second, measured: told[1]!.measured };
  expect(search(told)).toMatchObject({ trial: 3, share: first }); // it has gone on already
  tell([0.3, 0.7, 0.8]);
  expect(search(told)).toMatchObject({ trial: 3, share: second }); // the best two of six: 0.3 and 0.4
  const onSecond = (i: number, value: number) =>
    (told[i] = {
      ...told[i]!,
      state: "paused",
      share: second,
      measured: [...told[i]!.measured, { share: second, value }],
    });
  onSecond(1, 0.2);
  onSecond(3, 0.1);
  tell([0.1]);
  expect(search(told)).toMatchObject({ trial: 6, share: second }); // two of seven: 0.1, and 0.3, which has gone on
});

test("each rung is the reduction times later than the one before, and the last is the end", () => {
  expect(rungShares(3, 3)).toEqual([1 / 9, 1 / 3, 1]);
  expect(rungShares(1, 4)).toEqual([1]);
});

test("with one worker, nine trials on three rungs are nine, three and one", () => {
  const { trials, jobs } = carryOut(asha({ space, trials: 9, seed: 4 }), x);
  const on = (share: number) => new Set(jobs.filter((job) => job.share === share).map(({ trial }) => trial));
  expect([on(1 / 9).size, on(1).size]).toEqual([9, 1]);
  expect(on(1 / 3).size).toBeGreaterThanOrEqual(3); // one that was good among the first may be so no more
  expect(trials.filter(({ state }) => state === "ended").map(({ point }) => x(point))).toEqual([
    Math.min(...[...on(1 / 3)].map((i) => x(trials[i]!.point))),
  ]);
});

test("the answer depends on what is told alone, so that a search resumes", () => {
  const { jobs } = carryOut(asha({ space, trials: 27, seed: 2 }), x, { workers: 4, turnsOf: (share) => 9 * share });
  const again = carryOut(
    (trials) => asha({ space, trials: 27, seed: 2 })(JSON.parse(JSON.stringify(trials)) as Trial[]),
    x,
    {
      workers: 4,
      turnsOf: (share) => 9 * share,
    },
  );
  expect(again.jobs).toEqual(jobs);
  expect(asha({ space, trials: 27, seed: 2 })([])).toEqual({ trial: 0, point: drawPoint(space, 2, 0), share: 1 / 9 });
});

test("workers never wait while there is a trial to draw, and a search ends once nothing is left", () => {
  const search = asha({ space, trials: 9 });
  const running = (point: Trial["point"]): Trial => ({ point, state: "running", share: 1 / 9, measured: [] });
  const told = Array.from({ length: 8 }, (_, i) => running({ x: i }));
  expect(search(told)).toMatchObject({ trial: 8 });
  told.push(running({ x: 9 }));
  expect(search(told)).toBe("wait");
  const { trials } = carryOut(search, x, { workers: 3 });
  expect(search(trials)).toBeUndefined();
});

test("a trial that fails or measures no number counts on its rung, and never goes on", () => {
  for (const bad of [Infinity, NaN]) {
    const { jobs, trials } = carryOut(asha({ space, trials: 27, seed: 3 }), (point) =>
      x(point) < 0.4 ? bad : x(point),
    );
    expect(jobs.filter(({ share }) => share > 1 / 9).every(({ trial }) => x(trials[trial]!.point) >= 0.4)).toBe(true);
    expect(trials.some(({ state }) => state === "ended")).toBe(true);
  }
});

test("a run that ends early by itself isn't asked to go on", () => {
  const ended: Trial = { point: { x: 0 }, state: "ended", share: 1 / 9, measured: [{ share: 1, value: 0 }] };
  const paused = (value: number): Trial => ({
    point: { x: value },
    state: "paused",
    share: 1 / 9,
    measured: [{ share: 1 / 9, value }],
  });
  const search = asha({ space, trials: 9 });
  expect(search([ended, paused(0.5), paused(0.6)])).toMatchObject({ trial: 3 });
  expect(search([ended, ...[0.5, 0.6, 0.7, 0.8, 0.9].map(paused)])).toMatchObject({ trial: 1, share: 1 / 3 });
});

test("too few trials, and rungs and reductions that are none, are refused", () => {
  expect(() => asha({ space, trials: 8 })).toThrow(/of 8 trials on 3 rungs.*none reaches its end\n {2}use 9 trials/);
  expect(() => asha({ space, trials: 8, reduction: 1 })).toThrow(/the reduction is 1\n {2}use a whole number, 2/);
  expect(() => asha({ space, trials: 8, rungs: 0 })).toThrow(/the number of rungs is 0/);
});
