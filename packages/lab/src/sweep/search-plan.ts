import { asha, rungShares, tpe, type Search, type Trial } from "@ansatz/search";
import { UsageError } from "../settings.ts";
import type { Axis } from "./axes.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";
import { spaceOf } from "./plan.ts";

/** A search that chooses its runs by the results of others. Everything that its choices depend on is in it. */
export interface SweepSearch {
  readonly kind: "tpe" | "asha";
  /** The number of settings to try. */
  readonly trials: number;
  readonly seed: number;
  /** The figure to judge by. */
  readonly metric: string;
  /** Whether the figure is best when it is highest. */
  readonly highest: boolean;
  /** Of ASHA: see `asha`. */
  readonly reduction: number;
  readonly rungs: number;
}

/** @throws UsageError for axes that such a search cannot vary; ArgumentError for numbers that it cannot have */
export function checkSearch(search: SweepSearch, axes: readonly Axis[]): void {
  const seeds = axes.find(({ name }) => name === "seed");
  if (seeds !== undefined && !("values" in seeds && seeds.values.length === 1))
    throw new UsageError(
      `--search ${search.kind} tries each point with one seed\n` +
        "  give one seed, and run the best settings with several afterwards",
    );
  if (axes.every((axis) => "values" in axis && axis.values.length === 1))
    throw new UsageError(
      `--search ${search.kind} has nothing to choose: every setting has one value\n` +
        "  give a setting several values or a range, such as --learning-rate 1e-5~1e-2",
    );
  searchFor(search, axes);
}

/** The search of a sweep, which is asked with the sweep's runs. */
export function searchFor({ kind, trials, seed, reduction, rungs }: SweepSearch, axes: readonly Axis[]): Search {
  const options = { space: spaceOf(axes), trials, seed };
  return kind === "tpe" ? tpe(options) : asha({ ...options, reduction, rungs });
}

/** The runs of a sweep as its search is told of them. */
export function trialsOf({ runs, search }: Pick<SweepManifest, "runs" | "search">): Trial[] {
  const sign = search?.highest === true ? -1 : 1;
  return runs.map(({ settings, state, share = 1, measured = [] }) => ({
    point: settings,
    state: state === "waiting" ? "running" : state,
    share,
    measured: measured.map((one) => ({ share: one.share, value: one.value === null ? Infinity : sign * one.value })),
  }));
}

/**
 * The work of a sweep in whole runs: how much is done, and how much it will be. Of a search that stops runs early, the
 * number of runs on each rung is an estimate.
 */
export function workOf({ runs, search }: Pick<SweepManifest, "runs" | "search">): {
  readonly done: number;
  readonly total: number;
} {
  const done = runs.reduce((sum, run) => sum + doneOf(run), 0);
  if (search === undefined) return { done, total: runs.length };
  if (search.kind === "tpe") return { done, total: search.trials };
  let [total, before] = [0, 0];
  for (const [rung, share] of rungShares(search.rungs, search.reduction).entries()) {
    total += Math.max(1, Math.floor(search.trials / search.reduction ** rung)) * (share - before);
    before = share;
  }
  return { done, total: Math.max(total, done) };
}

/** The part of a run that is done; a run that failed will do no more. */
function doneOf(run: SweepRun): number {
  return run.state === "failed" ? 1 : lastShare(run);
}

/** The share of its steps after which a run was last measured; 1 if it has ended. */
export function lastShare({ state, measured = [] }: SweepRun): number {
  return state === "ended" ? 1 : (measured.at(-1)?.share ?? 0);
}
