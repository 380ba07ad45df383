import { ArgumentError } from "@ansatz/core";

/** The figures that a run measured, by name. */
export type Result = Readonly<Record<string, number>>;

/**
 * A statement about an experiment's results that is checked over several seeds.
 *
 * It holds if the whole 95 % interval of its figure, over the seeds, lies within the bounds.
 */
export interface Claim<R = Result> {
  /** The claim in words. */
  readonly claim: string;
  /** Computes the figure from a run's result and from the results of the baselines with the same seed. */
  readonly value: (result: R, baselines: Readonly<Record<string, R>>) => number;
  /** The least figure that meets the claim. */
  readonly atLeast?: number;
  /** The greatest figure that meets the claim. */
  readonly atMost?: number;
  /** Where the paper makes the claim: "Section 4", "Table 2". */
  readonly paper?: string;
  /** The paper's own figure. */
  readonly reported?: number;
}

/** @throws ArgumentError if there is no bound, or if no figure can meet both */
export function checkClaim({ claim, atLeast, atMost }: Claim<never>): void {
  if (atLeast === undefined && atMost === undefined)
    throw new ArgumentError(
      `experiment: the claim "${claim}" has no bound\n` + "  give it one: { atLeast: 0.95 } or { atMost: 2 }",
    );
  if (!((atLeast ?? -Infinity) <= (atMost ?? Infinity)))
    throw new ArgumentError(
      `experiment: the claim "${claim}" asks for at least ${atLeast} and at most ${atMost}\n` +
        "  no figure meets both; check the bounds",
    );
}
