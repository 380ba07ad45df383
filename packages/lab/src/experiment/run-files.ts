import { join } from "node:path";
import { JsonLines } from "../json-lines.ts";
import { MetricsLog } from "../metrics.ts";
import type { Stateful } from "../stateful.ts";
import type { TextSample } from "../text-sample.ts";

/**
 * The files of a run that grow from step to step. Their state is their lengths: a run that resumes from a checkpoint
 * truncates them to what was written before it.
 */
export class RunFiles implements Stateful {
  readonly metrics: MetricsLog;
  readonly samples: JsonLines<TextSample>;
  readonly #all: Readonly<Record<string, JsonLines<unknown>>>;

  constructor(folder: string) {
    this.metrics = new MetricsLog(folder);
    this.samples = new JsonLines(join(folder, "samples.jsonl"));
    const others = ["histograms", "findings"].map(
      (name) => [name, new JsonLines(join(folder, `${name}.jsonl`))] as const,
    );
    this.#all = { metrics: this.metrics, samples: this.samples, ...Object.fromEntries(others) } as Readonly<
      Record<string, JsonLines<unknown>>
    >;
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
