import { ArgumentError } from "@ansatz/core";
import { describe, expect, test } from "vitest";
import { tTest } from "../statistics.ts";
import { describeBounds, type Claim } from "../experiment/claim.ts";
import { experiment } from "../experiment/experiment.ts";
import { judge, type Verdict } from "./judge.ts";

type Bounds = Omit<Claim, "claim" | "value">;

/** The verdicts of several claims, each over its own figures. */
function verdictsOf(...claims: readonly (readonly [values: readonly number[], bounds: Bounds])[]): Verdict[] {
  const seeds = claims[0]![0].map((_, i) => ({
    seed: i + 1,
    result: Object.fromEntries(claims.map(([values], at) => [`figure${at}`, values[i]!])),
    baselines: {},
  }));
  return judge(
    claims.map(([, bounds], at) => ({ claim: "so", value: (result) => result[`figure${at}`]!, ...bounds })),
    seeds,
  );
}

const over = (values: readonly number[], bounds: Bounds): Verdict => verdictsOf([values, bounds])[0]!;

/** Three values with a mean and the standard deviation 1. */
const around = (mean: number): number[] => [mean - 1, mean, mean + 1];

// Each p by scipy 1.17.1: 2 * stats.t.cdf(-distance / numpy.sqrt(variance / n), n - 1).
test.for([
  [2, 1, 3, 0.07417990022744854],
  [-0.25, 1 / 30, 5, 0.037590111511146454],
  [0.01, 1e-4, 30, 6.739145346941562e-6],
  [5, 0.01, 3, 1.333066725912102e-4],
  [1e-3, 1, 1000, 0.9747791958781472],
  [0, 1, 3, 1],
] as const)("a t test of a mean at %f, of variance %f over %i values, has p = %f", ([distance, variance, n, p]) => {
  expect(tTest({ distance, deviation: Math.sqrt(variance), n }) / p).toBeCloseTo(1, 10);
});

describe("one claim", () => {
  test("is held or refuted if the whole 95 % interval is on one side: 2 ± 2.484 for 1, 2 and 3", () => {
    for (const [bound, held, refuted] of [
      [-0.5, "atLeast", "atMost"],
      [-0.5, "moreThan", "lessThan"],
      [4.5, "atMost", "atLeast"],
      [4.5, "lessThan", "moreThan"],
    ] as const) {
      expect(over([1, 2, 3], { [held]: bound }).verdict).toBe("held");
      expect(over([1, 2, 3], { [refuted]: bound }).verdict).toBe("refuted");
    }
    for (const bounds of [{ atLeast: -0.4 }, { atMost: -0.4 }, { atMost: 4.4 }, { atLeast: 4.4 }])
      expect(over([1, 2, 3], bounds)).toMatchObject({ verdict: "undecided", suspicious: false });
  });

  test("has the p value of scipy.stats.ttest_1samp", () => {
    expect(over([1, 2, 3], { atLeast: -0.5 }).p).toBeCloseTo(0.04941362421328312, 12);
    expect(over([1, 2, 3], { moreThan: -0.4 }).p).toBeCloseTo(0.05328697053120943, 12);
    expect(over([0.3, 0.1, 0.4, 0.1, 0.5], { moreThan: 0 }).p).toBeCloseTo(0.024896163460222765, 12);
  });

  test("with two bounds is held only if both tests are significant, and refuted by the nearer bound", () => {
    expect(over([1, 2, 3], { atLeast: -0.5, atMost: 4.5 }).verdict).toBe("held");
    expect(over([1, 2, 3], { atLeast: -0.5, atMost: 4.4 }).verdict).toBe("undecided");
    expect(over([1, 2, 3], { atLeast: -0.5, atMost: 4.4 }).p).toBe(over([1, 2, 3], { atMost: 4.4 }).p);
    expect(over([1, 2, 3], { atLeast: -9, atMost: -0.5 }).verdict).toBe("refuted");
    expect(over([1, 2, 3], { atLeast: -9, atMost: -0.4 }).verdict).toBe("undecided");
  });

  // By scipy 1.17.1: the least n with stats.t.ppf(0.975, n - 1) * s / numpy.sqrt(n) < distance.
  test.for([
    [0.1, "387 seeds would decide it"],
    [0.5, "18 seeds would decide it"],
    [1, "7 seeds would decide it"],
    [-2, "4 seeds would decide it"],
    [0.05, "more than 1,000 seeds would decide it"],
    [0, "more than 1,000 seeds would decide it"],
  ] as const)("with a mean at %f from its bound and the deviation 1 is undecided: %s", ([mean, reason]) => {
    expect(over(around(mean), { moreThan: 0 })).toMatchObject({ verdict: "undecided", reason });
  });

  test("does not depend on the unit of its figure, even where squares underflow or overflow", () => {
    const { p, verdict } = over([-1, 1, 2], { moreThan: 0 });
    for (const unit of [1e-200, 1e-300, 1e-320, 1e200, 1e300]) {
      const tiny = over([-unit, unit, 2 * unit], { moreThan: 0 });
      expect(tiny.p! / p!).toBeCloseTo(1, 3); // 1e-320 has four digits
      expect(tiny.verdict).toBe(verdict);
      expect(tiny.margin / unit / over([-1, 1, 2], { moreThan: 0 }).margin).toBeCloseTo(1, 3);
      expect(over([unit, 1.1 * unit, 1.2 * unit], { moreThan: 0 }).verdict).toBe("held");
    }
    expect(over([1e200, 1.1e200, 1.2e200], { lessThan: -1e201 }).verdict).toBe("refuted");
  });

  test("about a figure that is NaN or infinite for a seed is undecided, and says for which", () => {
    for (const [values, reason] of [
      [[1, NaN, 3], "the figure is NaN for seed 2, so it cannot be tested"],
      [[1, 2, Infinity], "the figure is Infinity for seed 3, so it cannot be tested"],
      [[-Infinity, -Infinity, -Infinity], "the figure is -Infinity for seed 1, so it cannot be tested"],
    ] as const)
      for (const bounds of [{ atLeast: -1e9 }, { atMost: -1e9 }, { atMost: 0, unvarying: "it diverges" }])
        expect(over(values, bounds)).toMatchObject({ verdict: "undecided", suspicious: true, p: undefined, reason });
  });
});

describe("a figure that is the same for every seed", () => {
  test("decides nothing: an unwired baseline has a difference of 0 ± 0", () => {
    for (const bounds of [{ atLeast: 0 }, { moreThan: 0 }, { atMost: 1 }])
      expect(over([0, 0, 0], bounds)).toMatchObject({
        mean: 0,
        margin: 0,
        verdict: "undecided",
        suspicious: true,
        reason: "the same for every seed: is the baseline wired? if it is right, declare `unvarying`",
      });
    expect(over([0.1, 0.1, 0.1], { moreThan: 0 }).verdict).toBe("undecided"); // whose mean rounds to another number
  });

  test("up to rounding decides nothing either", () => {
    const ulp = 2 ** -52;
    for (const values of [
      [1, 1, 1 + 2e-16],
      [1, 1 + 4 * ulp, 1 + 8 * ulp],
      [-1e300, -1e300 * (1 + 4 * ulp), -1e300],
      [0, -0, 0],
    ])
      expect(over(values, { atLeast: -1e301 })).toMatchObject({ verdict: "undecided", suspicious: true, p: undefined });
    expect(over([1, 1 + 8 * ulp, 1 + 16 * ulp], { moreThan: 0 }).verdict).toBe("held");
  });

  test("is compared with the bounds directly if it is declared", () => {
    const unvarying = "the test is exhaustive";
    for (const [value, bounds, verdict] of [
      [0.1, { atLeast: 0.1 }, "held"],
      [0.1, { moreThan: 0.1 }, "refuted"],
      [0.1, { atMost: 0.1 }, "held"],
      [0.1, { lessThan: 0.1 }, "refuted"],
      [0.2, { lessThan: 0.1 }, "refuted"],
      [0.2, { moreThan: 0.1, atMost: 0.2 }, "held"],
    ] as const)
      expect(over([value, value, value], { ...bounds, unvarying })).toMatchObject({
        mean: value,
        verdict,
        suspicious: false,
        reason: "the same for every seed: the test is exhaustive",
      });
    const near = [1, 1 + 2 ** -52, 1];
    expect(over(near, { atLeast: 1, unvarying }).verdict).toBe("held");
    for (const values of [near, near.toReversed(), [near[1]!, 1, 1]])
      expect(over(values, { moreThan: 1, unvarying })).toMatchObject({
        verdict: "undecided",
        reason: "the same for every seed up to rounding, which crosses the bound",
      });
    expect(over([1, 2, 3], { atLeast: -0.4, unvarying })).toMatchObject({ verdict: "undecided", suspicious: false });
  });
});

describe("several claims", () => {
  test("are corrected for their number by Holm", () => {
    const bounds = { atLeast: -0.5 }; // p = 0.0494 alone
    const [p, far] = [over([1, 2, 3], bounds).p!, over([1, 2, 3], { atLeast: -99 }).p!];
    expect(verdictsOf([[1, 2, 3], bounds], [[1, 2, 3], bounds]).map((one) => [one.verdict, one.p])).toEqual([
      ["undecided", 2 * p],
      ["undecided", 2 * p],
    ]);
    // Beside a claim that is surely held, the other is tested at 0.05.
    expect(verdictsOf([[1, 2, 3], bounds], [[1, 2, 3], { atLeast: -99 }]).map((one) => [one.verdict, one.p])).toEqual([
      ["held", p],
      ["held", 2 * far],
    ]);
  });

  test("a claim that cannot be tested counts; one that is declared unvarying does not", () => {
    const [first, second] = [over([1, 2, 3], { atLeast: -0.5 }), [[1, 2, 3], { atLeast: -0.5 }] as const];
    for (const values of [
      [0, 0, 0],
      [0.1, 0.1, 0.1],
      [1, NaN, 2],
      [1, Infinity, 2],
    ])
      expect(verdictsOf(second, [values, { moreThan: 0 }])[0]).toMatchObject({ verdict: "undecided", p: 2 * first.p! });
    expect(verdictsOf(second, [[1, 1, 1], { moreThan: 0, unvarying: "at its maximum" }])[0]).toMatchObject({
      verdict: "held",
      p: first.p,
    });
  });

  // By scipy as above, at the levels 0.05 / 2 and 0.05 / 3.
  test("need more seeds, as Holm asks", () => {
    const same = [around(0.5), { moreThan: 0 }] as const;
    expect(verdictsOf(same, same).map(({ reason }) => reason)).toEqual(new Array(2).fill("24 seeds would decide it"));
    expect(verdictsOf(same, same, same)[0]!.reason).toBe("27 seeds would decide it");
    // The first step is taken by the other claim, so this one is tested at 0.05.
    expect(verdictsOf(same, [around(1e3), { moreThan: 0 }])[0]!.reason).toBe("18 seeds would decide it");
  });
});

test("bounds are described, and those that make no sense are refused", () => {
  expect([{ atLeast: 0.9, atMost: 1.1 }, { moreThan: 0 }, { lessThan: 2, atLeast: 1 }].map(describeBounds)).toEqual([
    "0.9 to 1.1",
    "more than 0",
    "at least 1 and less than 2",
  ]);
  const claiming = (bounds: Bounds) => () =>
    experiment({
      question: "?",
      settings: {},
      run: async () => ({ x: 1 }),
      claims: [{ claim: "so", value: ({ x }) => x, ...bounds }],
    });
  for (const [bounds, message] of [
    [{}, /"so" has no bound\n {2}give it one/],
    [{ unvarying: "it is" }, /has no bound/],
    [{ atLeast: Infinity }, /has the bound Infinity\n {2}use a finite number/],
    [{ lessThan: NaN }, /has the bound NaN/],
    [{ atLeast: 1, moreThan: 0 }, /asks for at least 1 and more than 0\n {2}give it one lower bound/],
    [{ atMost: 1, lessThan: 0 }, /asks for at most 1 and less than 0\n {2}give it one upper bound/],
    [{ atLeast: 2, atMost: 1 }, /asks for at least 2 and at most 1\n {2}no figure meets both/],
    [{ moreThan: 1, atMost: 1 }, /asks for more than 1 and at most 1\n/],
    [{ atLeast: 1, lessThan: 1 }, /asks for at least 1 and less than 1\n/],
    [{ atLeast: 1, unvarying: " " }, /without a reason\n {2}say why/],
  ] as const) {
    expect(claiming(bounds)).toThrow(ArgumentError);
    expect(claiming(bounds)).toThrow(message);
  }
  expect(claiming({ atLeast: 1, atMost: 1, unvarying: "it counts" })).not.toThrow();
});
