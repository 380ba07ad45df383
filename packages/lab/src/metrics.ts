import { join } from "node:path";
import { JsonLines } from "./json-lines.ts";

/** The measurements of one step. */
export type Metrics = { readonly step: number } & Readonly<Record<string, number>>;

/** A run's measurements: one JSON object on each line of `metrics.jsonl`. */
export class MetricsLog extends JsonLines<Metrics> {
  constructor(folder: string) {
    super(join(folder, "metrics.jsonl"));
  }

  /** Every string is a number that JSON lacks. */
  protected override parse(line: string): Metrics {
    return JSON.parse(line, (_name, value: unknown) => (typeof value === "string" ? Number(value) : value)) as Metrics;
  }
}
