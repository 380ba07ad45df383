import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, Point, Search, Trial } from "./index.ts";
import type { Space } from "./space.ts";

/** What Optuna computes: see reference/record-optuna.py. */
export const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "../reference/optuna.json"), "utf8")) as {
  readonly estimators: readonly {
    readonly points: readonly Point[];
    readonly at: readonly Point[];
    readonly logDensities: readonly number[];
  }[];
  readonly goodOf: readonly (readonly [number, number])[];
  readonly weightsOf: readonly (readonly [number, readonly number[]])[];
  readonly studies: readonly {
    readonly outcomes: readonly Outcome[];
    readonly importance: Readonly<Record<string, number>>;
  }[];
};

/** The space over which it was recorded. */
export const recordedSpace: Space = {
  learningRate: { low: 1e-5, high: 1e-1, scale: "logarithmic", whole: false },
  dropout: { low: 0, high: 0.5, scale: "uniform", whole: false },
  layers: { low: 1, high: 9, scale: "uniform", whole: true },
  width: { low: 4, high: 256, scale: "logarithmic", whole: true },
  optimizer: { values: ["adamw", "lion", "sgd"] },
};

/** Carries out a search alone or with several workers: each job ends after as many turns as it has steps. */
export function carryOut(
  search: Search,
  figure: (point: Point, share: number) => number,
  { workers = 1, turnsOf = () => 1 }: { readonly workers?: number; readonly turnsOf?: (share: number) => number } = {},
): { readonly trials: Trial[]; readonly jobs: { readonly trial: number; readonly share: number }[] } {
  const trials: Trial[] = [];
  const jobs: { trial: number; share: number }[] = [];
  const running: { trial: number; left: number }[] = [];
  for (;;) {
    while (running.length < workers) {
      const job = search(trials);
      if (job === undefined || job === "wait") break;
      const { trial, point, share } = job;
      trials[trial] = { point, state: "running", share, measured: trials[trial]?.measured ?? [] };
      jobs.push({ trial, share });
      running.push({ trial, left: turnsOf(share) });
    }
    if (running.length === 0) return { trials, jobs };
    const next = running.reduce((first, one) => (one.left < first.left ? one : first));
    running.splice(running.indexOf(next), 1);
    for (const other of running) other.left -= next.left;
    const { point, share, measured } = trials[next.trial]!;
    const value = figure(point, share);
    const state = value === Infinity ? "failed" : share < 1 ? "paused" : "ended";
    trials[next.trial] = {
      point,
      share,
      state,
      measured: state === "failed" ? measured : [...measured, { share, value }],
    };
  }
}
