import type { RecordedRun } from "../report/recorded-run.ts";

/** A run's measurements as a table: a row for each step, a column for each quantity. */
export interface MetricsTable {
  readonly steps: readonly number[];
  /** A value for each step; undefined where nothing was measured. */
  readonly columns: ReadonlyMap<string, readonly (number | undefined)[]>;
}

/** The table of a run's curves; of what was measured twice at one step, the last counts. */
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
