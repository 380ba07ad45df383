import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writing } from "@ansatz/data";
import { isInUse, RunLock } from "../experiment/run-lock.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { createRunFolder } from "../run-folder.ts";
import { flagOf } from "../settings.ts";
import { readSweepManifest, writeSweepManifest, type SweepManifest, type SweepRun } from "./manifest.ts";
import { Worker } from "./worker.ts";

/**
 * How often it is looked whether to stop, or whether a run that another process works on has ended, in milliseconds.
 */
const interval = 200;

export interface SweepOptions {
  /** The program and words that stand before `run`: `ansatz`, however it was started. */
  readonly command: readonly string[];
  /** How many runs go on at once. */
  readonly workers: number;
  /** How many threads each may use; 0 leaves it to the backend. */
  readonly threads: number;
  /** Whether runs that failed are tried again. */
  readonly retry?: boolean;
  /** Told at each change. */
  readonly onChange?: (manifest: SweepManifest) => void;
}

/** Makes the folder of a new sweep, `runs/NAME/sweep/N`, with its plan in it. @throws WriteError */
export async function createSweep(runs: string, plan: Omit<SweepManifest, "version">): Promise<string> {
  const folder = await createRunFolder(join(runs, plan.name), "sweep");
  await writeSweepManifest(folder, { version: 1, ...plan });
  return folder;
}

/**
 * Carries a sweep out, or on: each run in a process of its own, a few at a time.
 *
 * What has ended is not run again; what was stopped, also by kill -9, goes on from its checkpoint; a worker that
 * outlived a killed sweep is waited for. A run that fails is kept as failed, and the others go on.
 *
 * @throws RunError for a folder of no sweep, or one that another sweep works in; InterruptedError after Ctrl-C, when
 * all workers have saved
 */
export async function runSweep(folder: string, options: SweepOptions): Promise<SweepManifest> {
  const manifest = await readSweepManifest(folder);
  using _lock = new RunLock(folder);
  using interrupt = new Interrupt();
  const running = new Map<SweepRun, Worker>();
  let written = Promise.resolve();
  const changed = () => {
    options.onChange?.(manifest);
    return (written = written.then(() => writeSweepManifest(folder, manifest))); // one after the other, so that the last one stays
  };
  const clock = setInterval(() => interrupt.requested && running.forEach((worker) => worker.stop()), interval);
  try {
    const waiting = manifest.runs.filter(
      ({ state }) => state !== "ended" && (state !== "failed" || options.retry === true),
    );
    await Promise.all(
      Array.from({ length: options.workers }, async () => {
        for (let run = waiting.shift(); run !== undefined && !interrupt.requested; run = waiting.shift()) {
          const place = join(folder, run.folder);
          run.state = "running";
          delete run.error;
          await changed();
          while (isInUse(place) && !interrupt.requested) await new Promise((resolve) => setTimeout(resolve, interval));
          if (interrupt.requested) break;
          if (!existsSync(join(place, "result.json"))) await carryOut(run, place, manifest, options, running);
          else run.state = "ended";
          await changed();
        }
      }),
    );
  } finally {
    clearInterval(clock);
  }
  if (interrupt.requested) throw new InterruptedError(`the sweep was stopped; its runs are saved`);
  return manifest;
}

async function carryOut(
  run: SweepRun,
  place: string,
  { experiment, words }: SweepManifest,
  { command, threads }: SweepOptions,
  running: Map<SweepRun, Worker>,
): Promise<void> {
  await writing(place, () => mkdir(place, { recursive: true }));
  const settings = Object.entries(run.settings).map(([name, value]) => `--${flagOf(name)}=${String(value)}`);
  const worker = new Worker([
    ...command,
    "run",
    experiment,
    ...settings,
    ...words,
    ...(threads > 0 ? [`--threads=${threads}`] : []),
    `--folder=${place}`,
    "--quiet",
  ]);
  running.set(run, worker);
  const ending = await worker.ending;
  running.delete(run);
  if (ending.kind === "failed") {
    run.state = "failed";
    run.error = ending.error;
  } else run.state = existsSync(join(place, "result.json")) ? "ended" : "waiting";
}
