import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { writeErrorOf } from "@ansatz/data";
import { columns } from "../columns.ts";
import { jsonText } from "../json-lines.ts";
import type { Metrics } from "../metrics.ts";
import { Progress, type Facts } from "../progress.ts";
import { Sparkline } from "../sparkline.ts";
import type { Verdict } from "./verdict.ts";

/** How much a run prints: everything, its metrics as JSON, only the last line, or nothing. */
export type Verbosity = "text" | "json" | "quiet" | "none";

/** How many blocks the course of the loss has, in a terminal. */
const courseWidth = 12;

/**
 * The output of a run: to standard output as the user asked for it, and always as plain lines to `log.txt`. Progress is
 * shown in a terminal only.
 */
export class RunOutput {
  readonly #folder: string;
  readonly #verbosity: Verbosity;
  readonly #opening: string | undefined;
  /** The last value of each metric, and the step at which it was measured. */
  readonly #latest: { [metric: string]: { readonly value: string; readonly step: number } } = {};
  readonly #losses = new Sparkline();
  #progress: Progress[] = [];
  /** When the first step of this process ended, which compiles: the pace is that of the others. */
  #first: { readonly step: number; readonly at: number } | undefined;

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

  /** Prints a finding, which only text output shows: its first line in colour, where the terminal has colours. */
  warn(finding: string): void {
    const [first = "", ...rest] = finding.split("\n");
    const title = styleText("yellow", first, { stream: process.stdout });
    if (this.#verbosity === "text") console.log(["", title, ...rest].join("\n"));
    this.#keep(`\n${finding}\n`);
  }

  /** Prints how the run ended: as a table that can be copied, or in a line if the output is quiet. */
  conclude(line: string, table: readonly (readonly string[])[] = [[line]]): void {
    if (this.#verbosity === "quiet") console.log(line);
    this.print(columns(table));
  }

  /** Prints how the run ended, as JSON. */
  verdict(verdict: Verdict): void {
    if (this.#verbosity === "json") console.log(jsonText(verdict));
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
    const file = { isTTY: false, write: (text: string) => (this.#keep(text), true) };
    const starting = { done: first, starting: "compiling" };
    this.#progress = [
      ...(this.#verbosity === "text" && process.stdout.isTTY ? [new Progress(count, starting)] : []),
      new Progress(count, { ...starting, output: file }),
    ];
  }

  /** Called when something was measured. */
  measured(metrics: Metrics): void {
    if (this.#verbosity === "json") console.log(jsonText(metrics));
    const { step, ...measured } = metrics;
    if (measured["loss"] !== undefined) this.#losses.add(measured["loss"]);
    for (const [name, value] of Object.entries(measured))
      this.#latest[name] = { value: Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(4), step };
  }

  /** Called when a step is done. */
  stepped(step: number): void {
    const { step: first, at } = (this.#first ??= { step, at: performance.now() });
    const pace = (performance.now() - at) / (step - first);
    const measured = Object.entries(this.#latest).map(
      ([name, one]) => [name, one.step === step ? one.value : `${one.value} at ${one.step}`] as const,
    );
    const facts = (live: boolean): Facts => ({
      ...Object.fromEntries(
        measured.map(([name, text]) =>
          live && name === "loss" ? [name, `${this.#losses.draw(courseWidth)} ${text}`] : [name, text],
        ),
      ),
      ...(step > first && paceOf(pace)),
      MiB: (process.memoryUsage.rss() / 2 ** 20).toFixed(0),
    });
    for (const progress of this.#progress) progress.update(step, () => facts(progress.live));
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

/** A pace as a fact, in milliseconds or seconds a step. */
function paceOf(milliseconds: number): Facts {
  return milliseconds >= 1_000
    ? { "s/step": (milliseconds / 1_000).toPrecision(3) }
    : { "ms/step": milliseconds.toPrecision(3) };
}
