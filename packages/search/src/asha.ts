import { ArgumentError } from "@ansatz/core";
import { checkSearch, type SearchOptions } from "./random-search.ts";
import { checkWhole, type Search, type Trial } from "./search.ts";
import { drawPoint } from "./space.ts";

export interface AshaOptions extends SearchOptions {
  /** η: one of so many trials on a rung goes on to the next one. Default: 3. */
  readonly reduction?: number;
  /** The number of rungs: the last one is the end of a run, each other one η times earlier. Default: 3. */
  readonly rungs?: number;
}

/**
 * Asynchronous successive halving: many trials make few steps, and the best of them go on. Li et al. 2018,
 * arXiv:1810.05934, Algorithm 2.
 *
 * Rung k of K ends after the share η^(k − K + 1) of a run's steps. Whoever asks gets the best trial, on the highest
 * rung possible, that is among the best 1/η of its rung and has not gone on; if there is none, a new draw.
 *
 * @throws ArgumentError for an invalid space or numbers, and for too few trials for one of them to reach its end
 * @example const search = asha({ space: { width: { values: [8] } }, trials: 9 });
 * search([]) // { trial: 0, point: { width: 8 }, share: 0.1111 }
 */
export function asha({ space, trials: count, seed = 1, reduction = 3, rungs = 3 }: AshaOptions): Search {
  checkSearch({ space, trials: count, seed });
  checkWhole("the reduction", reduction, 2);
  checkWhole("the number of rungs", rungs, 1);
  const least = reduction ** (rungs - 1);
  if (count < least)
    throw new ArgumentError(
      `search: of ${count} trials on ${rungs} rungs, each kept by 1 of ${reduction}, none reaches its end\n` +
        `  use ${least} trials or more, or fewer rungs`,
    );
  const shares = rungShares(rungs, reduction);
  return (trials) => {
    for (let rung = rungs - 2; rung >= 0; rung--) {
      const share = shares[rung]!;
      const reached = trials.flatMap((trial, i) => {
        const value = valueOn(trial, shares, rung);
        return value === undefined ? [] : [{ trial, i, value }];
      });
      const best = reached.toSorted((a, b) => a.value - b.value || a.i - b.i || 0);
      const next = best
        .slice(0, Math.floor(reached.length / reduction))
        .find(({ trial, value }) => trial.state === "paused" && trial.share <= share && value < Infinity);
      if (next !== undefined) return { trial: next.i, point: next.trial.point, share: shares[rung + 1]! };
    }
    if (trials.length < count)
      return { trial: trials.length, point: drawPoint(space, seed, trials.length), share: shares[0]! };
    return trials.some(({ state }) => state === "running") ? "wait" : undefined;
  };
}

/**
 * The share of its steps after which a trial of `asha` is on each rung: the last is 1.
 *
 * @example rungShares(3, 2)  // [0.25, 0.5, 1]
 */
export function rungShares(rungs: number, reduction: number): number[] {
  return Array.from({ length: rungs }, (_, k) => reduction ** (k - rungs + 1));
}

/**
 * What a trial measured on a rung, or at its end if that came earlier. One that failed on its way there, or measured no
 * number, has Infinity; one that hasn't been there, undefined.
 */
function valueOn({ state, measured }: Trial, shares: readonly number[], rung: number): number | undefined {
  const found = measured.find(({ share }) => share >= shares[rung]!);
  if (found !== undefined) return Number.isNaN(found.value) ? Infinity : found.value;
  const next = shares.findIndex((share) => share > (measured.at(-1)?.share ?? 0));
  return state === "failed" && rung === next ? Infinity : undefined;
}
