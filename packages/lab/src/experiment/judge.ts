import { meanInterval, type Interval } from "../statistics.ts";
import type { Claim, Result } from "./claim.ts";

/** The results of one seed: those of the experiment, and those of the baselines by name. */
export interface SeedResults {
  readonly seed: number;
  readonly result: Result;
  readonly baselines: Readonly<Record<string, Result>>;
}

/** Whether a claim held, with the interval that was measured. */
export interface Verdict extends Interval {
  readonly claim: Claim;
  readonly held: boolean;
}

/**
 * Checks claims over the seeds. A claim holds if the whole interval of its figure lies within the bounds. NaN never
 * does.
 */
export function judge(claims: readonly Claim[], seeds: readonly SeedResults[]): Verdict[] {
  return claims.map((claim) => {
    const interval = meanInterval(seeds.map(({ result, baselines }) => claim.value(result, baselines)));
    const { mean, margin } = interval;
    const { atLeast = -Infinity, atMost = Infinity } = claim;
    return { claim, ...interval, held: mean - margin >= atLeast && mean + margin <= atMost };
  });
}
