/** The messages between the server of `ansatz watch` and its page. */
import type { ModuleNode } from "@ansatz/core/plugin";
import type { RunState } from "../experiment/run-state.ts";
import type { TextSample } from "../text-sample.ts";

/** How many of the newest runs are drawn until the reader chooses. */
export const drawnAtFirst = 10;

/** A run in the list. */
export interface RunSummary {
  /** Its folder, relative to the watched folder. */
  readonly id: string;
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
}

/** One metric of one run, with a value for each of the common steps. */
export interface DrawnCurve {
  readonly run: string;
  readonly metric: string;
  /** The number of measured points. */
  readonly points: number;
  /** Means, smoothed over all points, not only over those that are drawn. */
  readonly value: readonly (number | null)[];
  readonly least: readonly (number | null)[];
  readonly most: readonly (number | null)[];
}

export interface DrawnCurves {
  readonly steps: readonly number[];
  readonly curves: readonly DrawnCurve[];
}

export interface RecordedHistogram {
  readonly step: number;
  readonly name: string;
  readonly of: string;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Everything that the page shows of a run, except its curves. */
export interface RunDetails {
  readonly samples: readonly TextSample[];
  readonly findings: readonly {
    readonly step: number;
    readonly kind: string;
    readonly where?: string | undefined;
    readonly message: string;
    readonly advice: string;
  }[];
  readonly model?: ModuleNode | undefined;
  /** Which histograms there are: path and kind. */
  readonly histograms: readonly { readonly name: string; readonly of: string }[];
}
