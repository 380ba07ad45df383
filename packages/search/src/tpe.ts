import { ParzenEstimator } from "./parzen-estimator.ts";
import { checkSearch, type SearchOptions } from "./random-search.ts";
import { checkWhole, finalValue, type Search, type Trial } from "./search.ts";
import { drawPoint, type Point, type Space } from "./space.ts";
import { uniformAt } from "./uniform-at.ts";

export interface TpeOptions extends SearchOptions {
  /** The number of trials that are drawn at random before the first estimate. Default: 10. */
  readonly startup?: number;
  /** The number of draws, the best of which is tried. Default: 24. */
  readonly candidates?: number;
}

/** The greatest number of trials that are called good. */
const mostGood = 25;
/** So many of the latest trials count fully; earlier ones count less. */
const fullyWeighted = 25;

/**
 * The tree-structured Parzen estimator: tries where good trials are more likely than others. Bergstra et al. 2011,
 * papers.nips.cc/paper/4443, with settings drawn together (Falkner et al. 2018, arXiv:1807.01774).
 *
 *   of draws from l, the one with the greatest l(x) / g(x)
 *
 * l is a density of the best tenth of the trials, at most 25, and g one of the others. Failed trials are the worst, and
 * trials that are running count as others, so that workers do not all try the same. The defaults are Optuna's.
 *
 * @throws ArgumentError for an invalid space or numbers
 * @example const search = tpe({ space: { width: { values: [8] } }, trials: 1 });
 * search([]) // { trial: 0, point: { width: 8 }, share: 1 }
 */
export function tpe({ space, trials: count, seed = 1, startup = 10, candidates = 24 }: TpeOptions): Search {
  checkSearch({ space, trials: count, seed });
  checkWhole("the number of random trials", startup, 1);
  checkWhole("the number of draws", candidates, 1);
  return (trials) => {
    const { length: trial } = trials;
    if (trial >= count) return undefined;
    const [good, others] = split(trials);
    if (good.length + others.length < startup || good.length === 0)
      return { trial, point: drawPoint(space, seed, trial), share: 1 };
    const [l, g] = [estimateOf(space, good), estimateOf(space, others)];
    const draws = Array.from({ length: candidates }, (_, i) => l.draw((place) => uniformAt(seed, i + 1, trial, place)));
    const scores = draws.map((point) => l.logDensity(point) - g.logDensity(point));
    return { trial, point: draws[scores.indexOf(Math.max(...scores))]!, share: 1 };
  };
}

/** The points of the best trials and of the others, each in the order of the trials. */
export function split(trials: readonly Trial[]): readonly [readonly Point[], readonly Point[]] {
  const values = trials.map(finalValue);
  const ended = values.flatMap((value, i) => (value === undefined ? [] : [i]));
  const best = ended.toSorted((a, b) => values[a]! - values[b]! || a - b);
  const good = new Set(best.slice(0, Math.min(mostGood, Math.ceil(0.1 * ended.length))));
  const points = (isGood: boolean) => trials.flatMap(({ point }, i) => (good.has(i) === isGood ? [point] : []));
  return [points(true), points(false)];
}

function estimateOf(space: Space, points: readonly Point[]): ParzenEstimator {
  return new ParzenEstimator(space, points, weightsOf(points.length));
}

/** How much each of n points counts: the last 25 fully, earlier ones less, down to 1 / n. */
export function weightsOf(n: number): number[] {
  const old = n - fullyWeighted;
  return Array.from({ length: n }, (_, i) => (i < old ? 1 / n + (1 - 1 / n) * (old > 1 ? i / (old - 1) : 0) : 1));
}
