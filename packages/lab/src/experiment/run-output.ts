import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { writeErrorOf } from "@ansatz/data";
import { jsonLine } from "../json-lines.ts";
import type { Metrics } from "../metrics.ts";
import { Progress, type Facts } from "../progress.ts";

/** How much a run prints: everything, its metrics as JSON, or only errors and the last line. */
export type Verbosity = "text" | "json" | "quiet";

/** The output of a run: to standard output as the user asked for it, and always as plain lines to `log.txt`. */
export class RunOutput {
  readonly #folder: string;
  readonly #verbosity: Verbosity;
  readonly #opening: string | undefined;
  readonly #latest: Record<string, string> = {};
  #progress: Progress[] = [];
  #started = performance.now();
  #first = 0;

  /** `opening` is printed before the training loop begins. */
  constructor(folder: string, verbosity: Verbosity, opening?: string) {
    this.#folder = folder;
    this.#verbosity = verbosity;
    this.#opening = opening;
  }

  /** Prints a line that only text output shows. */
  print(text: string): void {
    if (this.#verbosity === "text") console.log(text);
    this.#keep(`${text}\n`);
  }

  /** Prints the line that tells how the run ended: quiet output shows it, too. */
  conclude(text: string): void {
    if (this.#verbosity === "quiet") console.log(text);
    this.print(text);
  }

  /** Called when the training loop begins, after step `first`. */
  begin(count: number, first: number, parameters: number, each: Readonly<Record<string, number>>): void {
    const of = Object.entries(each)
      .map(([what, amount]) => `${amount.toLocaleString("en")} ${what}`)
      .join(", ");
    const facts = [
      ...(parameters > 0 ? [`${parameters.toLocaleString("en")} parameters`] : []),
      `${count} steps${of === "" ? "" : ` of ${of}`}`,
      ...(first > 0 ? [`resuming after step ${first}`] : []),
      this.#folder,
    ];
    if (this.#opening !== undefined) this.print(this.#opening);
    this.print(facts.join(", "));
    this.#started = performance.now();
    this.#first = first;
    const file = { isTTY: false, write: (text: string) => (this.#keep(text), true) };
    this.#progress = [
      ...(this.#verbosity === "text" ? [new Progress(count, { done: first })] : []),
      new Progress(count, { done: first, output: file }),
    ];
  }

  /** Called when something was measured. */
  measured(metrics: Metrics): void {
    if (this.#verbosity === "json") console.log(jsonLine(metrics));
    for (const [name, value] of Object.entries(metrics))
      if (name !== "step") this.#latest[name] = Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(4);
  }

  /** Called when a step is done. */
  stepped(step: number): void {
    const pace = (performance.now() - this.#started) / (step - this.#first);
    const facts = (): Facts => ({
      ...this.#latest,
      ...(pace >= 1_000 ? { "s/step": (pace / 1_000).toPrecision(3) } : { "ms/step": pace.toPrecision(3) }),
      MiB: (process.memoryUsage.rss() / 2 ** 20).toFixed(0),
    });
    for (const progress of this.#progress) progress.update(step, facts);
  }

  /** Called when the loop has ended: other text may follow. */
  end(): void {
    for (const progress of this.#progress) progress.end();
    this.#progress = [];
  }

  #keep(text: string): void {
    const path = join(this.#folder, "log.txt");
    try {
      appendFileSync(path, text);
    } catch (error) {
      throw writeErrorOf(path, error);
    }
  }
}
