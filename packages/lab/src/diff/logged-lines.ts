import { join } from "node:path";
import { parseJsonLines, recordedNumber, type JsonObject } from "../view/parse-lines.ts";
import { readPlain } from "../read-plain.ts";

/** The first place at which what two runs logged is not the same. */
export interface LoggedDifference {
  readonly step: number;
  /** The metric, or "sample" for a text. */
  readonly metric: string;
  /** What each of the runs logged there; null if it logged nothing. */
  readonly values: readonly [number | string | null, number | string | null];
}

/** The first difference in what two runs logged: metrics in the order of the lines, then samples. */
export function loggedDifference(
  folders: readonly [string, string],
  ignored: readonly string[],
): LoggedDifference | undefined {
  const [a, b] = folders.map((folder) => logged(folder, ignored)) as [Logged, Logged];
  const different = [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => !Object.is(a.get(key)?.value, b.get(key)?.value))
    .map((key): LoggedDifference => {
      const { step, metric } = (a.get(key) ?? b.get(key))!;
      return { step, metric, values: [a.get(key)?.value ?? null, b.get(key)?.value ?? null] };
    });
  return different.toSorted((one, other) => one.step - other.step)[0];
}

type Logged = Map<string, { readonly step: number; readonly metric: string; readonly value: number | string }>;

/** Every value that a run logged, by its step, its metric, and how often that had been logged in the step before. */
function logged(folder: string, ignored: readonly string[]): Logged {
  const lines = (file: string) => parseJsonLines(readPlain(join(folder, file)));
  const rates = ratesOf(lines("spent.jsonl"));
  const values: Logged = new Map();
  const add = (step: number, metric: string, value: number | string) => {
    for (let count = 0; ; count++) {
      const key = `${step} ${metric} ${count}`;
      if (values.has(key)) continue;
      values.set(key, { step, metric, value });
      return;
    }
  };
  for (const { step, ...metrics } of lines("metrics.jsonl"))
    for (const [metric, value] of Object.entries(metrics))
      if (!rates.has(metric) && !ignored.includes(metric))
        add(recordedNumber(step) ?? 0, metric, recordedNumber(value) ?? String(value));
  for (const { step, text } of lines("samples.jsonl"))
    if (!ignored.includes("sample")) add(recordedNumber(step) ?? 0, "sample", String(text));
  return values;
}

/** The metrics that the lab computes from the time: `tokensPerSecond` for steps that process tokens. */
function ratesOf(spent: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(spent.flatMap((line) => Object.keys(line)).map((what) => `${what}PerSecond`));
}
