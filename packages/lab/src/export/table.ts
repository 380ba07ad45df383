import type { RecordedRun } from "../report/recorded-run.ts";

/** A run's measurements as a table: a row for each step, a column for each metric. */
export interface MetricsTable {
  readonly steps: readonly number[];
  /** A value for each step; undefined if nothing was measured there. */
  readonly columns: ReadonlyMap<string, readonly (number | undefined)[]>;
}

/** The table of a run's curves. If a metric was measured twice at one step, the last value counts. */
export function tableOf({ curves }: RecordedRun): MetricsTable {
  const steps = [...new Set([...curves.values()].flatMap((curve) => curve.steps))].toSorted((a, b) => a - b);
  const places = new Map(steps.map((step, i) => [step, i]));
  const columns = new Map<string, (number | undefined)[]>();
  for (const [name, curve] of curves) {
    const column = new Array<number | undefined>(steps.length).fill(undefined);
    for (const [i, step] of curve.steps.entries()) column[places.get(step)!] = curve.values[i]!;
    columns.set(name, column);
  }
  return { steps, columns };
}
