import { checkWhole, type Search } from "./search.ts";
import { checkSpace } from "./check-space.ts";
import { drawPoint, type Space } from "./space.ts";

export interface SearchOptions {
  readonly space: Space;
  /** The number of trials. */
  readonly trials: number;
  /** The seed of the draws, a whole number from 0. Default: 1. */
  readonly seed?: number;
}

/**
 * Random search: every trial is an independent draw, and runs to its end. Bergstra & Bengio 2012,
 * jmlr.org/papers/v13/bergstra12a.html.
 *
 * @throws ArgumentError for an invalid space, number of trials or seed
 * @example const search = randomSearch({ space: { width: { values: [8] } }, trials: 1 });
 * search([]) // { trial: 0, point: { width: 8 }, share: 1 }
 */
export function randomSearch({ space, trials: count, seed = 1 }: SearchOptions): Search {
  checkSearch({ space, trials: count, seed });
  return (trials) =>
    trials.length < count
      ? { trial: trials.length, point: drawPoint(space, seed, trials.length), share: 1 }
      : undefined;
}

/** @throws ArgumentError for options that a search cannot have */
export function checkSearch({ space, trials, seed }: Required<SearchOptions>): void {
  checkSpace(space);
  checkWhole("the number of trials", trials, 1);
  checkWhole("the seed", seed, 0);
}
