import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeErrorOf } from "@ansatz/data";

/** What was measured at one step. */
export type Metrics = { readonly step: number } & Readonly<Record<string, number>>;

/** A run's measurements: one JSON object a line, in `metrics.jsonl`. */
export class MetricsLog {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "metrics.jsonl");
  }

  /** Adds a line. @throws WriteError */
  append(metrics: Metrics): void {
    this.#writing(() => appendFileSync(this.#path, `${JSON.stringify(metrics)}\n`));
  }

  /** Everything measured so far; a line that a crash cut short is left out. */
  read(): Metrics[] {
    if (!existsSync(this.#path)) return [];
    return readFileSync(this.#path, "utf8").split("\n").flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Metrics];
      } catch {
        return [];
      }
    });
  }

  /** Forgets what was measured after a step, as when a run goes on from its checkpoint. @throws WriteError */
  truncate(step: number): void {
    const kept = this.read().filter((metrics) => metrics.step <= step);
    const shorter = `${this.#path}.partial`; // renamed when it is whole, so that nothing is lost where there is no space
    this.#writing(() => {
      writeFileSync(shorter, kept.map((metrics) => `${JSON.stringify(metrics)}\n`).join(""));
      renameSync(shorter, this.#path);
    });
  }

  #writing(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw writeErrorOf(this.#path, error);
    }
  }
}
