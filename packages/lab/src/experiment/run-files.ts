import { join } from "node:path";
import { JsonLines } from "../json-lines.ts";
import { MetricsLog } from "../metrics.ts";
import type { Stateful } from "../stateful.ts";
import type { TextSample } from "../text-sample.ts";

/**
 * The files of a run that grow from step to step. Their state is how far they have grown: a run that goes on from a
 * checkpoint cuts off what was written after it.
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

  /** How many bytes of each file belong to the run so far; they are on the disk then. */
  stateDict(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#all).map(([name, file]) => [name, file.sync()]));
  }

  loadStateDict(state: Readonly<Record<string, number>>): void {
    for (const [name, file] of Object.entries(this.#all)) file.truncate(state[name] ?? 0);
  }

  /** Forgets everything: the run begins anew. */
  clear(): void {
    this.loadStateDict({});
  }
}
