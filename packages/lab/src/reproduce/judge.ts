import { ArgumentError } from "@ansatz/core";
import { holm } from "../compare/welch.ts";
import { meanInterval, momentsOf, significanceLevel, tTest, type Interval } from "../statistics.ts";
import { boundsOf, isWithin, type Claim, type Result } from "../experiment/claim.ts";

/** The results of one seed: those of the experiment, and those of the baselines by name. */
export interface SeedResults {
  readonly seed: number;
  readonly result: Result;
  readonly baselines: Readonly<Record<string, Result>>;
}

/** What a test says of a claim. */
export type Outcome = "held" | "refuted" | "undecided";

/** What the seeds say of a claim, with the interval that was measured. */
export interface Verdict extends Interval {
  readonly claim: Claim;
  /** The figure of each seed. */
  readonly values: readonly number[];
  readonly verdict: Outcome;
  /** The p value, with Holm's correction for the number of claims. Undefined if the figure was not tested. */
  readonly p: number | undefined;
  /** How many seeds would decide it, why nothing can be decided, or why the figure may be the same for every seed. */
  readonly reason: string | undefined;
  /** Whether the figure cannot be tested, which is probably a mistake. */
  readonly suspicious: boolean;
}

/** The greatest number of seeds that is tried when a verdict says how many would decide. */
const mostSeeds = 1_000;

/** A claim with the figure of each seed. */
interface Measured {
  readonly claim: Claim;
  readonly values: readonly number[];
}

/**
 * Tests claims over the seeds.
 *
 * The p value of a claim is that of a two-sided t test of its mean against the nearest bound, corrected for the number
 * of claims by Holm. Below 0.05 the claim is held if the mean is within the bounds, and refuted if it is not; otherwise
 * it is undecided. For two bounds this is the test of equivalence: both of its one-sided tests must be significant. For
 * a single claim, held means that the whole 95 % interval is within the bounds, and refuted that it is outside.
 *
 * A figure that is the same for every seed (up to rounding), or NaN or infinite for one, cannot be tested. Its claim is
 * undecided, and still counts for Holm. If the claim is declared `unvarying`, a figure that is the same is compared
 * with the bounds directly.
 *
 * Student 1908, doi:10.1093/biomet/6.1.1. Holm 1979, doi:10.2307/4615733. Schuirmann 1987, doi:10.1007/BF01068419.
 */
export function judge(claims: readonly Claim[], seeds: readonly SeedResults[]): Verdict[] {
  const measured = claims.map((claim) => ({
    claim,
    values: seeds.map((one) => valueOf(claim, one)),
  }));
  const family = measured.filter((one) => !isConstant(one) || one.claim.unvarying === undefined);
  const ps = holm(family.map((one) => pOf(one)));
  const decidingSeeds = seedsToDecide(family);
  return measured.map((one) => {
    const { claim, values } = one;
    const about = { claim, values, suspicious: false, p: undefined };
    const place = family.indexOf(one);
    if (isConstant(one)) {
      const same = { ...about, mean: values[0]!, margin: 0 };
      if (place >= 0) return { ...same, verdict: "undecided", suspicious: true, reason: isItWired };
      const [side, other] = new Set(values.map((value) => sideOf(one, value)));
      return other === undefined
        ? { ...same, verdict: side!, reason: `the same for every seed: ${claim.unvarying}` }
        : { ...same, verdict: "undecided", reason: "the same for every seed up to rounding, which crosses the bound" };
    }
    const interval = meanInterval(values);
    const strange = values.findIndex((value) => !Number.isFinite(value));
    if (strange >= 0) {
      const reason = `the figure is ${values[strange]} for seed ${seeds[strange]!.seed}, so it cannot be tested`;
      return { ...about, ...interval, verdict: "undecided", suspicious: true, reason };
    }
    const p = ps[place]!;
    const decided = p < significanceLevel;
    return {
      ...about,
      ...interval,
      p,
      verdict: decided ? sideOf(one, interval.mean) : "undecided",
      reason: decided ? undefined : decidingSeeds[place],
    };
  });
}

/** @throws ArgumentError if the claim asks for a baseline that does not exist */
function valueOf({ claim, value }: Claim, { result, baselines, seed }: SeedResults): number {
  const known = new Proxy(baselines, {
    get(target, name) {
      if (typeof name === "symbol" || Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      const names = Object.keys(target);
      throw new ArgumentError(
        `the claim "${claim}" asks for the baseline "${name}", which does not exist\n` +
          (names.length === 0 ? "  the experiment has none" : `  the baselines are ${names.join(", ")}`),
      );
    },
  });
  return value(result, known, seed);
}

const isItWired = "the same for every seed: is the baseline wired? if it is right, declare `unvarying`";

/** A spread of this part of the greatest magnitude is rounding: a few units in the last place of a double. */
const rounding = 8 * 2 ** -52;

/** Whether a figure is the same for every seed, up to rounding. */
function isConstant({ values }: Measured): boolean {
  const spread = Math.max(...values) - Math.min(...values);
  return values.every(Number.isFinite) && spread <= rounding * Math.max(...values.map(Math.abs));
}

function sideOf({ claim }: Measured, mean: number): Outcome {
  return isWithin(mean, claim) ? "held" : "refuted";
}

/** The uncorrected p value, or that of n seeds with this mean and variance; 1 for a figure that cannot be tested. */
function pOf({ claim, values }: Measured, n = values.length): number {
  const { mean, deviation } = momentsOf(values);
  if (isConstant({ claim, values }) || !Number.isFinite(deviation)) return 1;
  const { low, high } = boundsOf(claim);
  return tTest({ distance: Math.min(Math.abs(mean - low), Math.abs(mean - high)), deviation, n });
}

/** For each claim how many seeds would decide it, if every claim kept its mean and its variance. */
function seedsToDecide(family: readonly Measured[]): string[] {
  const needed = new Array<number | undefined>(family.length).fill(undefined);
  for (let n = family[0]?.values.length ?? mostSeeds; n <= mostSeeds && needed.includes(undefined); n++)
    for (const [i, p] of holm(family.map((one) => pOf(one, n))).entries()) if (p < significanceLevel) needed[i] ??= n;
  return needed.map((n) => `${n ?? `more than ${mostSeeds.toLocaleString("en")}`} seeds would decide it`);
}
