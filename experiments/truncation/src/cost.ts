import { inOwnProcess } from "@ansatz/lab";

export interface CostOptions {
  readonly window: number;
  readonly streams: number;
  readonly width: number;
  readonly seed: number;
}

/** What a window costs, if gradients are computed window by window, so that each can be forgotten before the next. */
export interface Cost {
  /** The peak resident memory of a process that does nothing else. */
  readonly peakMiB: number;
  /** For forward and backward passes: the fastest of some windows. */
  readonly microsecondsPerCharacter: number;
}

/** Measures in a process of its own. */
export function costOf(options: CostOptions): Promise<Cost> {
  return inOwnProcess(new URL("cost-process.ts", import.meta.url), options);
}
