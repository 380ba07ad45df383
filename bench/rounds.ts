import type { Measurement } from "./measurement.ts";

/** The median of some values, and the least and the greatest of them. */
export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** One engine's rounds of one workload. */
export interface Rounds {
  readonly work: string;
  readonly engine: string;
  /** One measurement for each round, in order. */
  readonly measured: readonly Measurement[];
}

/** What all rounds together say of one engine and one workload. */
export interface Result {
  readonly work: string;
  readonly engine: string;
  readonly version: string;
  /** The median time of a step: the median over the rounds, and their interval. */
  readonly milliseconds: Interval;
  readonly minMs: number;
  readonly firstStepMs: number;
  readonly compileMs: number;
  /** The largest of all rounds. */
  readonly peakMiB: number;
  readonly outsidePercent?: number;
  /** What is processed in a second, at the median time. */
  readonly perSecond?: Readonly<Record<string, number>>;
  /** The time divided by each peer's in the same round; PyTorch is the faster of eager and compiled. */
  readonly ratios: Readonly<Record<string, Interval>>;
  /** The time divided by the same engine's for the baseline, in the same round. */
  readonly ratioToBaseline?: Interval;
}

/** @throws RangeError without values */
export function intervalOf(values: readonly number[]): Interval {
  if (values.length === 0) throw new RangeError("an interval needs at least one value");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, low: sorted[0]!, high: sorted.at(-1)! };
}

/**
 * Combines the rounds of all engines. Ratios are taken within each round, in which the engines take turns, so a drift
 * of the machine from round to round does not widen them.
 */
export function combine(
  runs: readonly Rounds[],
  {
    peers,
    baselines,
  }: {
    /** The engines of each peer. */
    readonly peers: Readonly<Record<string, readonly string[]>>;
    /** The baseline of each workload that has one. */
    readonly baselines: Readonly<Record<string, string | undefined>>;
  },
): Result[] {
  const timesOf = (work: string | undefined, engines: readonly string[]) => {
    const found = runs.filter((run) => run.work === work && engines.includes(run.engine));
    return found[0]?.measured.map((_, round) => Math.min(...found.map(({ measured }) => measured[round]!.medianMs)));
  };
  const ratio = (own: readonly Measurement[], other: readonly number[] | undefined) =>
    other && intervalOf(own.map(({ medianMs }, round) => medianMs / other[round]!));
  return runs.map(({ work, engine, measured }) => {
    const milliseconds = intervalOf(measured.map(({ medianMs }) => medianMs));
    const middle = (value: (one: Measurement) => number) => intervalOf(measured.map(value)).median;
    const [first] = measured as readonly [Measurement];
    const isPeer = Object.values(peers).some((engines) => engines.includes(engine));
    const ratios = Object.entries(peers).flatMap(([name, engines]) => {
      const found = isPeer ? undefined : ratio(measured, timesOf(work, engines));
      return found === undefined ? [] : [[name, found] as const];
    });
    const ratioToBaseline = ratio(measured, timesOf(baselines[work], [engine]));
    return {
      work,
      engine,
      version: first.version,
      milliseconds,
      minMs: Math.min(...measured.map(({ minMs }) => minMs)),
      firstStepMs: middle(({ firstStepMs }) => firstStepMs),
      compileMs: middle(({ compileMs }) => compileMs),
      peakMiB: Math.max(...measured.map(({ peakMiB }) => peakMiB)),
      ...(first.outsidePercent !== undefined && { outsidePercent: middle((one) => one.outsidePercent!) }),
      ...(first.each !== undefined && {
        perSecond: Object.fromEntries(
          Object.entries(first.each).map(([what, amount]) => [what, (1_000 * amount) / milliseconds.median]),
        ),
      }),
      ratios: Object.fromEntries(ratios),
      ...(ratioToBaseline !== undefined && { ratioToBaseline }),
    };
  });
}

/** The results as a table for the terminal. */
export function table(results: readonly Result[]): string {
  const peers = [...new Set(results.flatMap(({ ratios }) => Object.keys(ratios)))];
  const based = results.some(({ ratioToBaseline }) => ratioToBaseline !== undefined);
  const processed = results.some(({ perSecond }) => perSecond !== undefined);
  const number = (value: number | undefined, digits: number) => (value === undefined ? "" : value.toFixed(digits));
  const between = (interval: Interval | undefined) =>
    interval === undefined
      ? ""
      : `${interval.median.toFixed(2)} (${interval.low.toFixed(2)}-${interval.high.toFixed(2)})`;
  const header = [
    ...["work", "engine", "median ms", "min ms", "first ms", "peak MiB", "outside %"],
    ...peers.map((peer) => `× ${peer}`),
    ...(based ? ["× baseline"] : []),
    ...(processed ? ["per second"] : []),
  ];
  const cells = results.map((result) => [
    result.work,
    result.engine,
    between(result.milliseconds),
    number(result.minMs, 2),
    number(result.firstStepMs, 0),
    number(result.peakMiB, 0),
    number(result.outsidePercent, 1),
    ...peers.map((peer) => between(result.ratios[peer])),
    ...(based ? [between(result.ratioToBaseline)] : []),
    ...(processed
      ? [
          Object.entries(result.perSecond ?? {})
            .map(([what, n]) => `${n.toFixed(0)} ${what}`)
            .join(),
        ]
      : []),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  return [header, ...cells]
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}
