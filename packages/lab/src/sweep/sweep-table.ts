import { join } from "node:path";
import { styleText } from "node:util";
import { columns } from "../columns.ts";
import { readStatus } from "../experiment/run-status.ts";
import { metricOf } from "../metrics.ts";
import { duration, type ProgressOutput } from "../progress.ts";
import { readPlain } from "../read-plain.ts";
import { showNumber, showPercent, showValue } from "../view/format.ts";
import { parseJsonLines, parseObject, recordedNumber } from "../view/parse-lines.ts";
import type { SweepManifest, SweepRun } from "./manifest.ts";
import { lastShare, workOf } from "./search-plan.ts";

/** How often the table is drawn again, in milliseconds. */
const interval = 500;
/** How much of the end of a run's metrics is read, in bytes. */
const tail = 16_384;
/** How many runs that have stopped are shown at most, the best first. */
const mostStopped = 10;

/** The stream to which a table is written. */
export type TableOutput = ProgressOutput & { readonly rows?: number };

export interface SweepTableOptions {
  /** The sweep's folder. */
  readonly folder: string;
  /** The figure to show, with "+" if it is best when it is highest; without one, the run's first figure. */
  readonly metric: string;
  readonly output?: TableOutput;
}

/**
 * The runs of a sweep while it runs: in a terminal a table that is redrawn, with the runs that are running
 * and the best of those that have stopped; elsewhere a line for each run that stops.
 */
export class SweepTable {
  readonly #folder: string;
  readonly #metric: string;
  readonly #sign: number;
  readonly #output: TableOutput;
  readonly #started = performance.now();
  #clock: NodeJS.Timeout | undefined;
  #manifest: SweepManifest | undefined;
  /** The work that was done when the table began. */
  #before = 0;
  #drawn = 0;

  constructor({ folder, metric, output = process.stdout }: SweepTableOptions) {
    const of = metricOf(metric);
    this.#folder = folder;
    this.#metric = of.metric;
    this.#sign = of.highest ? -1 : 1;
    this.#output = output;
  }

  /** Called at each change of the sweep and, if a run has stopped, with that run. */
  update(manifest: SweepManifest, stopped?: SweepRun): void {
    if (this.#manifest === undefined) {
      this.#before = workOf(manifest).done;
      if (this.#output.isTTY) this.#clock = setInterval(() => this.#draw(), interval);
    }
    this.#manifest = manifest;
    if (this.#output.isTTY) this.#draw();
    else if (stopped !== undefined) this.#output.write(`${this.#lineOf(stopped, manifest)}\n`);
  }

  /** Takes the table away: the summary that follows says the same. */
  end(): void {
    clearInterval(this.#clock);
    if (this.#output.isTTY) this.#output.write(this.#back());
  }

  /** What takes the cursor to where the table began, and clears what is there. */
  #back(): string {
    return this.#drawn > 0 ? `\x1b[${this.#drawn}A\r\x1b[0J` : "";
  }

  #draw(): void {
    // Some terminals that are no windows say that they have no columns.
    const [width, height] = [this.#output.columns || 80, this.#output.rows || 24];
    const lines = tableOf(this.#manifest!, (run) => this.#valueOf(run), {
      sign: this.#sign,
      metric: this.#metric,
      progressOf: (run) => this.#progressOf(run),
      room: Math.max(4, height - 3),
    });
    const shown = [...lines, this.#state(this.#manifest!)].map((line) => line.slice(0, width - 1));
    const best = lines.findIndex((line) => line.includes(" best"));
    if (best >= 0) shown[best] = styleText("green", shown[best]!, { stream: process.stdout });
    this.#output.write(`${this.#back()}${shown.join("\n")}\n`);
    this.#drawn = shown.length;
  }

  /** How many runs stand how, and the time left. */
  #state(manifest: SweepManifest): string {
    const parts = (["ended", "paused", "failed", "running", "waiting"] as const).flatMap((state) => {
      const count = manifest.runs.filter((run) => run.state === state).length;
      return count === 0 ? [] : [`${count} ${state === "paused" ? "stopped early" : state}`];
    });
    const { done, total } = workOf(manifest);
    const running = manifest.runs.filter(({ state }) => state === "running");
    const more = running.reduce((sum, run) => sum + Math.max(0, this.#shareOf(run) - lastShare(run)), 0);
    const made = done + more - this.#before;
    const pace = (performance.now() - this.#started) / made;
    const left = made > 0 && total > done + more ? [`about ${duration(pace * (total - done - more))} left`] : [];
    return [...parts, ...left].join(", ");
  }

  /** The share of its steps that a running run has made. */
  #shareOf({ folder }: SweepRun): number {
    const { step, steps = 0 } = readStatus(join(this.#folder, folder));
    return steps > 0 ? step / steps : 0;
  }

  #progressOf(run: SweepRun): string {
    return run.state === "running" ? showPercent(this.#shareOf(run)) : "";
  }

  /** The figure of a run: of its result, or else the last that was measured. */
  #valueOf(run: SweepRun): number | undefined {
    const place = join(this.#folder, run.folder);
    const result = parseObject(readPlain(join(place, "result.json"))) ?? {};
    const name = this.#metric || Object.keys(result)[0];
    if (name === undefined) return undefined;
    const lines = name in result ? [result] : parseJsonLines(readPlain(join(place, "metrics.jsonl"), tail));
    return lines.map((line) => recordedNumber(line[name])).findLast((value) => value !== undefined);
  }

  /** One line about a run that has stopped. */
  #lineOf(run: SweepRun, manifest: SweepManifest): string {
    const value = this.#valueOf(run);
    const what = run.state === "failed" ? `failed: ${run.error?.split("\n")[0] ?? ""}` : stateOf(run);
    return [
      `run ${run.folder}`,
      varied(manifest)
        .map((name) => `${name} ${showValue(run.settings[name])}`)
        .join(", "),
      ...(value === undefined ? [] : [`${this.#metric || "figure"} ${showNumber(value)}`]),
      what,
      this.#state(manifest),
    ].join("  ");
  }
}

interface TableView {
  readonly sign: number;
  readonly metric: string;
  readonly progressOf: (run: SweepRun) => string;
  /** The greatest number of lines. */
  readonly room: number;
}

/** The lines of the table: the runs that are running, then the best of those that have stopped. */
function tableOf(
  manifest: SweepManifest,
  valueOf: (run: SweepRun) => number | undefined,
  { sign, metric, progressOf, room }: TableView,
): string[] {
  const names = varied(manifest);
  const running = manifest.runs.filter(({ state }) => state === "running").slice(0, room - 1);
  const stopped = manifest.runs
    .filter(({ state }) => state === "ended" || state === "paused" || state === "failed")
    .map((run) => ({ run, value: run.state === "failed" ? undefined : valueOf(run) }))
    .toSorted((a, b) => lastShare(b.run) - lastShare(a.run) || order(a.value, sign) - order(b.value, sign) || 0)
    .slice(0, Math.max(0, Math.min(mostStopped, room - running.length - 1)));
  const cells = (run: SweepRun, value: number | undefined, state: string) => [
    run.folder,
    ...names.map((name) => showValue(run.settings[name])),
    value === undefined ? "-" : showNumber(value),
    state,
  ];
  const rows = [
    ["run", ...names, metric || "figure", ""],
    ...running.map((run) => cells(run, valueOf(run), progressOf(run))),
    ...stopped.map(({ run, value }, i) => cells(run, value, i === 0 && value !== undefined ? "best" : stateOf(run))),
  ];
  return columns(rows).split("\n");
}

function order(value: number | undefined, sign: number): number {
  return value === undefined || Number.isNaN(value) ? Infinity : sign * value;
}

function stateOf(run: SweepRun): string {
  if (run.state === "waiting") return "interrupted";
  return run.state === "paused" ? `stopped after ${showPercent(lastShare(run))}` : run.state;
}

/** The settings that are not the same in all runs. */
function varied({ axes }: SweepManifest): string[] {
  return axes.filter((axis) => !("values" in axis) || axis.values.length > 1).map(({ name }) => name);
}
