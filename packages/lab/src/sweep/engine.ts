import type { Ending } from "../own-process.ts";

/** A run of a sweep, as an engine carries it out. */
export interface SweepJob {
  /** The run's folder, as an absolute path. */
  readonly folder: string;
  /** The words of the command `ansatz` that carries it out: `run NAME --learning-rate=0.001 … --folder=…`. */
  readonly words: readonly string[];
}

/** A job that was started. */
export interface SweepTask {
  readonly ending: Promise<Ending>;
  /** Asks the run to save and stop. */
  stop(): void;
}

/** Where the runs of a sweep are carried out. */
export interface SweepEngine {
  readonly spec: 1;
  readonly name: string;
  /** Starts jobs. One that an earlier sweep process has started and that is still running is followed instead. */
  start(jobs: readonly SweepJob[]): Promise<readonly SweepTask[]>;
  /** Called when no job is left. */
  close(): Promise<void>;
}
