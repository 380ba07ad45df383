import { ArgumentError } from "@ansatz/core";

/** The figures that a run measured, by name. */
export type Result = Readonly<Record<string, number>>;

/**
 * A statement about an experiment's results that is tested over several seeds: its figure lies within the bounds.
 *
 * It has one lower bound, one upper bound, or both. A claim of a difference is of more than 0.
 */
export interface Claim<R = Result> {
  /** The claim in words. */
  readonly claim: string;
  /** Computes the figure from a run's result, the results of the baselines with the same seed, and the seed. */
  readonly value: (result: R, baselines: Readonly<Record<string, R>>, seed: number) => number;
  /** The least figure that meets the claim. */
  readonly atLeast?: number;
  /** A figure must be above this to meet the claim. */
  readonly moreThan?: number;
  /** The greatest figure that meets the claim. */
  readonly atMost?: number;
  /** A figure must be below this to meet the claim. */
  readonly lessThan?: number;
  /**
   * Why the figure may be the same for every seed: "the test is exhaustive". It is then compared with the bounds
   * directly. Without this, such a figure decides nothing, because a baseline that is not wired looks the same.
   */
  readonly unvarying?: string;
  /** Where the paper makes the claim: "Section 4", "Table 2". */
  readonly paper?: string;
  /** The paper's own figure. */
  readonly reported?: number;
}

type Bounds = Pick<Claim, "atLeast" | "moreThan" | "atMost" | "lessThan">;

/** The bounds as numbers, -∞ and ∞ where there is none. */
export function boundsOf({ atLeast, moreThan, atMost, lessThan }: Bounds): { low: number; high: number } {
  return { low: atLeast ?? moreThan ?? -Infinity, high: atMost ?? lessThan ?? Infinity };
}

/** Whether a figure meets the bounds. */
export function isWithin(figure: number, bounds: Bounds): boolean {
  const { low, high } = boundsOf(bounds);
  const above = bounds.moreThan === undefined ? figure >= low : figure > low;
  return above && (bounds.lessThan === undefined ? figure <= high : figure < high);
}

/** The bounds in words: "at least 3", "more than 0 and at most 1". */
export function describeBounds({ atLeast, moreThan, atMost, lessThan }: Bounds): string {
  if (atLeast !== undefined && atMost !== undefined && atLeast <= atMost) return `${atLeast} to ${atMost}`;
  const parts = { "at least": atLeast, "more than": moreThan, "at most": atMost, "less than": lessThan };
  return Object.entries(parts)
    .filter(([, bound]) => bound !== undefined)
    .map(([words, bound]) => `${words} ${bound}`)
    .join(" and ");
}

/** @throws ArgumentError for no bound, two bounds on one side, bounds that no figure meets, and an empty reason */
export function checkClaim(claim: Claim<never>): void {
  const { atLeast, moreThan, atMost, lessThan, unvarying } = claim;
  const fail = (what: string, mend: string) =>
    new ArgumentError(`experiment: the claim "${claim.claim}" ${what}\n  ${mend}`);
  const given = [atLeast, moreThan, atMost, lessThan].filter((bound) => bound !== undefined);
  if (given.length === 0)
    throw fail("has no bound", "give it one: { atLeast: 0.95 }, { moreThan: 0 } or { atMost: 2 }");
  const infinite = given.find((bound) => !Number.isFinite(bound));
  if (infinite !== undefined) throw fail(`has the bound ${infinite}`, "use a finite number, or leave this bound out");
  if (atLeast !== undefined && moreThan !== undefined)
    throw fail(`asks for at least ${atLeast} and more than ${moreThan}`, "give it one lower bound");
  if (atMost !== undefined && lessThan !== undefined)
    throw fail(`asks for at most ${atMost} and less than ${lessThan}`, "give it one upper bound");
  const { low, high } = boundsOf(claim);
  if (low > high || (low === high && (moreThan !== undefined || lessThan !== undefined)))
    throw fail(`asks for ${describeBounds(claim)}`, "no figure meets both; check the bounds");
  if (unvarying?.trim() === "")
    throw fail("declares its figure unvarying without a reason", 'say why: { unvarying: "the test is exhaustive" }');
}
