/** What one engine needs for one work. Times in milliseconds, memory in MiB. */
export interface Measurement {
  readonly work: string;
  readonly engine: string;
  readonly version: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly firstStepMs: number;
  /** The first step less the median: tracing, compiling, initial values. */
  readonly compileMs: number;
  readonly peakMiB: number;
  /** The share of a step outside the backend, in percent; engines that cannot tell leave it out. */
  readonly outsidePercent?: number;
  /** How many times as long as the peer takes. */
  readonly ratioToPeer?: number;
}

/** How many of the first steps warm an engine up (compilers and allocators settle) and are not counted. */
export function warmupOf(steps: number): number {
  return Math.max(2, Math.floor(steps / 4));
}

/** Sums up the times of single steps: the first apart, the steady ones by their median and their least. */
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
