import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writing } from "@ansatz/data";
import { isInUse, RunLock } from "../experiment/run-lock.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { OwnProcess } from "../own-process.ts";
import { createRunFolder } from "../run-folder.ts";
import { flagOf } from "../settings.ts";
import { readSweepManifest, writeSweepManifest, type SweepManifest, type SweepRun } from "./manifest.ts";

/** How often to check whether to stop, and whether a run of another process has ended, in milliseconds. */
const interval = 200;

export interface SweepOptions {
  /** The command that starts `ansatz`: the program and its words before `run`. */
  readonly command: readonly string[];
  /** The number of runs at the same time. */
  readonly workers: number;
  /** The threads that each run may use; 0 leaves the choice to the backend. */
  readonly threads: number;
  /** Whether to run failed runs again. */
  readonly retry?: boolean;
  /** Whether to resume runs although their source has changed since they began. */
  readonly changedSource?: boolean;
  /** Called at each change. */
  readonly onChange?: (manifest: SweepManifest) => void;
}

/** Creates the folder of a new sweep, `runs/NAME/sweep/N`, with its plan. @throws WriteError */
export async function createSweep(runs: string, plan: Omit<SweepManifest, "version">): Promise<string> {
  const folder = await createRunFolder(join(runs, plan.name), "sweep");
  await writeSweepManifest(folder, { version: 1, ...plan });
  return folder;
}

/**
 * Runs or resumes a sweep: each run in its own process, a few at a time.
 *
 * Runs that have ended are not repeated. Runs that were stopped, even by kill -9, resume from their checkpoints. A run
 * whose process outlived a killed sweep is waited for. A run that fails is recorded as failed, and the others continue.
 *
 * @throws RunError if the folder isn't that of a sweep, or if another process is using it; InterruptedError after
 * Ctrl-C, once all runs are saved
 */
export async function runSweep(folder: string, options: SweepOptions): Promise<SweepManifest> {
  const manifest = await readSweepManifest(folder);
  using _lock = new RunLock(folder);
  using interrupt = new Interrupt();
  const running = new Map<SweepRun, OwnProcess>();
  let written = Promise.resolve();
  const changed = () => {
    options.onChange?.(manifest);
    // One write after the other, so that the last one stays.
    return (written = written.then(() => writeSweepManifest(folder, manifest)));
  };
  const clock = setInterval(() => interrupt.requested && running.forEach((worker) => worker.stop()), interval);
  try {
    const waiting = manifest.runs.filter(
      ({ state }) => state !== "ended" && (state !== "failed" || options.retry === true),
    );
    await Promise.all(
      Array.from({ length: Math.min(options.workers, waiting.length) }, async () => {
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
  { command, threads, changedSource = false }: SweepOptions,
  running: Map<SweepRun, OwnProcess>,
): Promise<void> {
  await writing(place, () => mkdir(place, { recursive: true }));
  const settings = Object.entries(run.settings).map(([name, value]) => `--${flagOf(name)}=${String(value)}`);
  const worker = new OwnProcess([
    ...command,
    "run",
    experiment,
    ...settings,
    ...words,
    ...(threads > 0 ? [`--threads=${threads}`] : []),
    ...(changedSource ? ["--changed-source"] : []),
    `--folder=${place}`,
    "--quiet",
  ]);
  running.set(run, worker);
  const ending = await worker.ending;
  running.delete(run);
  if (ending.kind === "failed") {
    run.state = "failed";
    run.error = ending.said || `it ${ending.how}`;
  } else run.state = existsSync(join(place, "result.json")) ? "ended" : "waiting";
}
