import { ArgumentError } from "@ansatz/core";

/** What a run found: its figures, by name. */
export type Result = Readonly<Record<string, number>>;

/**
 * Something that an experiment says about its results, to be checked over several seeds.
 *
 * It holds when the whole 95 % interval of its figure over the seeds meets the bounds.
 */
export interface Claim<R = Result> {
  /** In words. */
  readonly claim: string;
  /** The figure, from a run's result and those of the baselines with the same seed. */
  readonly value: (result: R, baselines: Readonly<Record<string, R>>) => number;
  /** The figure is this or more. */
  readonly atLeast?: number;
  /** The figure is this or less. */
  readonly atMost?: number;
  /** Where the paper makes the claim: "Section 4", "Table 2". */
  readonly paper?: string;
  /** The paper's own figure. */
  readonly reported?: number;
}

/** @throws ArgumentError when there is no bound, or no figure can meet both */
export function checkClaim({ claim, atLeast, atMost }: Claim<never>): void {
  if (atLeast === undefined && atMost === undefined)
    throw new ArgumentError(
      `experiment: the claim "${claim}" says nothing about its figure\n  give it a bound: { atLeast: 0.95 } or { atMost: 2 }`,
    );
  if (!((atLeast ?? -Infinity) <= (atMost ?? Infinity)))
    throw new ArgumentError(
      `experiment: the claim "${claim}" wants at least ${atLeast} and at most ${atMost}\n  no figure meets both; look at the bounds`,
    );
}
