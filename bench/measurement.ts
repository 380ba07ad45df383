/** The time and memory of one engine for one workload in one process, in milliseconds and MiB. */
export interface Measurement {
  readonly work: string;
  readonly engine: string;
  readonly version: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly firstStepMs: number;
  /** The first step minus the median: tracing, compiling, initial values. */
  readonly compileMs: number;
  readonly peakMiB: number;
  /** The percentage of a step that is spent outside the backend, if the engine can measure it. */
  readonly outsidePercent?: number;
  /** What a step processes, e.g. `{ tokens: 256 }`, if the workload says so. */
  readonly each?: Readonly<Record<string, number>>;
}

/** The number of first steps that are not counted, because compilers and allocators still warm up. */
export function warmupOf(steps: number): number {
  return Math.max(2, Math.floor(steps / 4));
}

/** Summarizes the times of single steps: the first one, and the median and minimum after the warm-up. */
export function summarize(
  work: string,
  engine: string,
  version: string,
  times: readonly number[],
  peakMiB: number,
): Measurement {
  const first = times[0] ?? NaN;
  const sorted = times.slice(warmupOf(times.length)).sort((a, b) => a - b);
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return {
    work,
    engine,
    version,
    medianMs,
    minMs: sorted[0] ?? NaN,
    firstStepMs: first,
    compileMs: Math.max(0, first - medianMs),
    peakMiB,
  };
}
