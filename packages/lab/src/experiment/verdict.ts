import type { Metrics } from "../metrics.ts";
import type { Result } from "./claim.ts";

/**
 * Why a run ended: all its work was done, a part such as `EarlyStopping` ended its loop, its budget was spent, Ctrl-C,
 * or an error.
 */
export type RunEnd = "done" | "stopped early" | "budget spent" | "interrupted" | "failed";

/** How a run ended: the last line that `--json` prints. */
export interface Verdict {
  readonly verdict: RunEnd;
  readonly folder: string;
  /** The steps that were made, by this process and those before it, and the number of steps of the whole run. */
  readonly steps: { readonly made: number; readonly of: number | null };
  /** The time that this process took. */
  readonly seconds: number;
  /** The figures of the experiment, if it gave any. */
  readonly result: Result | null;
  /** The last line of metrics, if there is one. */
  readonly metrics: Metrics | null;
  /** What went wrong, if it failed. */
  readonly error?: string;
}
