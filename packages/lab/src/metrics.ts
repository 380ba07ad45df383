import { join } from "node:path";
import { JsonLines } from "./json-lines.ts";

/** The measurements of one step. */
export type Metrics = { readonly step: number } & Readonly<Record<string, number>>;

/** A metric that is best when it is lowest or highest. */
export interface BestMetric {
  readonly metric: string;
  readonly highest: boolean;
}

/** The metric that a text names, such as `validationLoss`; with a "+" before it, it is best when it is highest. */
export function metricOf(text: string): BestMetric {
  return { metric: text.replace(/^\+/, ""), highest: text.startsWith("+") };
}

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
