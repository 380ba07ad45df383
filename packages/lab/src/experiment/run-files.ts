import { join } from "node:path";
import { JsonLines } from "../json-lines.ts";
import { MetricsLog, type Metrics } from "../metrics.ts";
import type { Stateful } from "../stateful.ts";
import type { TextSample } from "../text-sample.ts";

/**
 * The files of a run that grow from step to step. Their state is their lengths: a run that resumes from a checkpoint
 * truncates them to what was written before it.
 */
export class RunFiles implements Stateful {
  readonly metrics: MetricsLog;
  readonly samples: JsonLines<TextSample>;
  /** What had been spent at each step that was measured: the axes over which metrics can be drawn. */
  readonly #spent: JsonLines<{ readonly step: number; readonly seconds: number; readonly [what: string]: number }>;
  readonly #began = performance.now();
  /** The seconds before this process, which a resumed run goes on from. */
  #before: number | undefined;
  #seconds: number | undefined;
  /** What was last measured in this process. */
  last: Metrics | undefined;
  readonly #all: Readonly<Record<string, JsonLines<unknown>>>;

  constructor(folder: string) {
    this.metrics = new MetricsLog(folder);
    const file = <Line>(name: string) => new JsonLines<Line>(join(folder, `${name}.jsonl`));
    this.samples = file("samples");
    this.#spent = file("spent");
    this.#all = {
      metrics: this.metrics,
      samples: this.samples,
      spent: this.#spent,
      histograms: file("histograms"),
      findings: file("findings"),
    } as Readonly<Record<string, JsonLines<unknown>>>;
  }

  /** Records what was measured, and what had been spent: seconds of work, and what all steps so far have processed. */
  measured(metrics: Metrics, each: Readonly<Record<string, number>>): void {
    this.metrics.append(metrics);
    this.last = metrics;
    this.#before ??= this.seconds ?? 0;
    const seconds = Number((this.#before + (performance.now() - this.#began) / 1_000).toFixed(3));
    const processed = Object.entries(each).map(([what, amount]) => [what, amount * metrics.step]);
    this.#spent.append({ step: metrics.step, seconds, ...Object.fromEntries(processed) });
    this.#seconds = seconds;
  }

  /** The seconds of work when something was last measured; undefined if nothing was. */
  get seconds(): number | undefined {
    return this.#seconds ?? this.#spent.read().at(-1)?.seconds;
  }

  /** The length of each file in bytes, after syncing it to disk. */
  stateDict(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#all).map(([name, file]) => [name, file.sync()]));
  }

  loadStateDict(state: Readonly<Record<string, number>>): void {
    for (const [name, file] of Object.entries(this.#all)) file.truncate(state[name] ?? 0);
  }

  /** Empties all files: the run starts again. */
  clear(): void {
    this.loadStateDict({});
  }
}
