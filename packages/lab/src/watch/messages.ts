/** The messages between the server of `ansatz watch` and its page. */
import type { ModuleNode } from "@ansatz/core/plugin";
import type { RunState } from "../experiment/run-state.ts";
import type { RecordedFinding } from "../report/recorded-run.ts";
import type { TextSample } from "../text-sample.ts";

/** How many of the newest lines are drawn until the reader chooses. */
export const drawnAtFirst = 10;

/** What the reader has noted on a run: `notes.json` in its folder. */
export interface RunNotes {
  readonly tags: readonly string[];
  readonly note: string;
  /** Whether the list leaves it out. */
  readonly hidden: boolean;
}

/** A run in the list. */
export interface RunSummary extends RunNotes {
  /** Its folder, relative to the watched folder; its name is the same. */
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly step: number;
  readonly steps?: number;
  readonly started: string;
  readonly error?: string;
  /** The last value of each metric, and the figures of its result. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly about: Readonly<Record<string, unknown>>;
  readonly findings: number;
  readonly report: boolean;
  /** Changes whenever one of its files changes. */
  readonly revision: string;
}

export interface ListedRuns {
  readonly root: string;
  readonly runs: readonly RunSummary[];
  /** The 0.975 quantiles of Student's t for 1, 2, … degrees of freedom, as far as these runs can need them. */
  readonly quantiles: readonly number[];
}

/** Curves that the page wants: a line for each run, or for several that differ in their seeds. */
export interface CurveRequest {
  readonly lines: readonly { readonly id: string; readonly runs: readonly string[] }[];
  /** `step`, `seconds`, or what the steps have processed, such as `tokens`. */
  readonly axis: string;
  readonly logarithmic: boolean;
  /** The greatest number of points of a line. */
  readonly points: number;
  /** From 0 (none) to just below 1 (strong). */
  readonly smoothing: number;
  /** The part of the axis that the chart of a metric shows; without one, all of it. */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
}

/** Bands are drawn behind at most this many lines; more would hide one another. */
const mostBands = 12;

/** Whether the lines of a chart have bands. */
export const hasBands = (lines: readonly unknown[]): boolean => lines.length <= mostBands;

/** A line with a value for each place on its chart's axis. */
export interface DrawnLine {
  readonly id: string;
  /** The number of measured points. */
  readonly points: number;
  /** Means, smoothed over all points, not only over those that are drawn. */
  readonly value: readonly (number | null)[];
  /** The least and the greatest value of a run, or the 95 % interval of the mean of several; empty without bands. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** Where it is not finite. */
  readonly notFinite: readonly number[];
}

/** The lines of one metric. */
export interface DrawnChart {
  readonly metric: string;
  readonly places: readonly number[];
  readonly lines: readonly DrawnLine[];
}

export interface DrawnCharts {
  /** The axes that these runs have. */
  readonly axes: readonly string[];
  readonly charts: readonly DrawnChart[];
}

/** What the page asks the server to do with runs. */
export interface RunChange {
  readonly runs: readonly string[];
  readonly change: Partial<RunNotes> | "delete";
}

/** The runs that were not changed, and why. */
export interface ChangedRuns {
  readonly refused: readonly { readonly run: string; readonly reason: string }[];
}

/** Everything that the page shows of a run, except its curves. */
export interface RunDetails {
  readonly samples: readonly TextSample[];
  readonly findings: readonly RecordedFinding[];
  readonly model?: ModuleNode | undefined;
  /** Which histograms there are: path and kind. */
  readonly histograms: readonly { readonly name: string; readonly of: string }[];
}
