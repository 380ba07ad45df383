import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { writing } from "@ansatz/data";
import { describeCheckpoint, hasCheckpoint } from "../checkpoint.ts";
import { finalValue } from "../compare/groups.ts";
import { RunLock } from "../experiment/run-lock.ts";
import { readStatus } from "../experiment/run-status.ts";
import { stopOf } from "../experiment/training-loop.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import type { Ending } from "../own-process.ts";
import { readRecordedRun } from "../report/recorded-run.ts";
import { createRunFolder, RunError } from "../run-folder.ts";
import { flagOf } from "../settings.ts";
import { readSweepManifest, writeSweepManifest, type SweepManifest, type SweepRun } from "./manifest.ts";
import { searchFor, trialsOf } from "./search-plan.ts";
import { SweepTask } from "./sweep-task.ts";

/** How often to check whether to stop, in milliseconds. */
const interval = 200;

/** How a run that has its result has ended. */
const hasEnded: Ending = { kind: "ended", output: "" };

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
  /** Called at each change with the manifest and, if a run has stopped, that run. */
  readonly onChange?: (manifest: SweepManifest, stopped?: SweepRun) => void;
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
 * that fails is recorded as failed, and the others continue. If the sweep has a search, it is asked for another run, or
 * for one that is to go on, whenever there is room.
 *
 * @throws RunError if the folder isn't that of a sweep, if another process is using it, or if a run has not measured
 * what the search judges by; InterruptedError after Ctrl-C, once all runs are saved
 */
export async function runSweep(folder: string, options: SweepOptions): Promise<SweepManifest> {
  const manifest = await readSweepManifest(folder);
  using _lock = new RunLock(folder);
  using interrupt = new Interrupt();
  const { workers, retry = false } = options;
  const tasks = new Set<SweepTask>();
  const active = new Map<SweepRun, Promise<void>>();
  let problem: unknown;
  let written = Promise.resolve();
  const changed = (stopped?: SweepRun) => {
    options.onChange?.(manifest, stopped);
    // One write after the other, so that the last one stays.
    return (written = written.then(() => writeSweepManifest(folder, manifest)));
  };
  for (const run of manifest.runs)
    if (run.state === "running" || (run.state === "failed" && retry)) run.state = "waiting";
  /** Runs that stopped although nobody asked them to: they wait for the next time. */
  const stopped = new Set<SweepRun>();
  const carryOut = async (run: SweepRun) => {
    try {
      const place = resolve(folder, run.folder);
      // A sweep may have been killed before it could record that a run has ended.
      const ending = existsSync(join(place, "result.json")) ? hasEnded : await endingOf(run, place);
      await conclude(run, ending, place, manifest);
      if (run.state === "waiting") stopped.add(run);
      await changed(run);
    } catch (error) {
      problem ??= error;
    }
    active.delete(run);
  };
  const endingOf = async (run: SweepRun, place: string): Promise<Ending> => {
    await writing(place, () => mkdir(place, { recursive: true }));
    const task = new SweepTask(place, commandOf(run, place, manifest, options));
    tasks.add(task);
    return task.ending.finally(() => tasks.delete(task));
  };
  const stopping = () => interrupt.requested || problem !== undefined;
  const clock = setInterval(() => stopping() && tasks.forEach((task) => task.stop()), interval);
  try {
    while (!stopping()) {
      for (let run; !stopping() && active.size < workers && (run = nextRun(manifest, stopped)) !== undefined;) {
        run.state = "running";
        delete run.error;
        await changed();
        active.set(run, carryOut(run));
      }
      if (active.size === 0) break;
      await Promise.race(active.values());
    }
    await Promise.all(active.values());
    await written;
  } finally {
    clearInterval(clock);
  }
  if (problem !== undefined) throw problem;
  if (interrupt.requested) throw new InterruptedError(`the sweep was stopped; its runs are saved`);
  return manifest;
}

/** The run to start next: one that waits, or what the search asks for. Undefined if there is none now. */
function nextRun(manifest: SweepManifest, without: ReadonlySet<SweepRun>): SweepRun | undefined {
  const waiting = manifest.runs.find((run) => run.state === "waiting" && !without.has(run));
  if (waiting !== undefined || manifest.search === undefined) return waiting;
  const job = searchFor(manifest.search, manifest.axes)(trialsOf(manifest));
  if (job === undefined || job === "wait") return undefined;
  if (job.trial === manifest.runs.length)
    manifest.runs.push({ folder: (job.trial + 1).toString(), settings: job.point, state: "waiting", measured: [] });
  const run = manifest.runs[job.trial]!;
  run.share = job.share;
  return run;
}

/** The command that carries out a run in its folder. */
function commandOf(
  run: SweepRun,
  place: string,
  { experiment, words }: SweepManifest,
  { command, threads, changedSource = false }: SweepOptions,
): string[] {
  const settings = Object.entries(run.settings).map(([name, value]) => `--${flagOf(name)}=${String(value)}`);
  return [
    ...command,
    "run",
    experiment,
    ...settings,
    ...words,
    ...(threads > 0 ? [`--threads=${threads}`] : []),
    ...(changedSource ? ["--changed-source"] : []),
    ...((run.share ?? 1) < 1 ? [`--stop-at=${run.share}`] : []),
    `--folder=${place}`,
    "--quiet",
  ];
}

/** Records how a run stands after its process has ended. */
async function conclude(run: SweepRun, ending: Ending, place: string, { search }: SweepManifest): Promise<void> {
  const share = run.share ?? 1;
  if (ending.kind === "failed") {
    run.state = "failed";
    run.error = ending.said || `it ${ending.how}`;
  } else if (existsSync(join(place, "result.json"))) run.state = "ended";
  else if (share < 1 && (await reached(place, share))) run.state = "paused";
  else run.state = "waiting";
  if (search === undefined || (run.state !== "ended" && run.state !== "paused")) return;
  const record = await readRecordedRun(place);
  const value = finalValue(record, search.metric);
  if (value === undefined) {
    run.state = "waiting";
    const [last] = [...record.curves.values()].map(({ steps }) => steps.at(-1) ?? 0).toSorted((a, b) => b - a);
    throw new RunError(
      `run ${run.folder} has measured no "${search.metric}" up to step ${last ?? 0}\n` +
        `  it has measured ${[...record.curves.keys(), ...Object.keys(record.result ?? {})].join(", ") || "nothing"};` +
        " judge by one of these (--metric), or measure it earlier",
    );
  }
  const reach = run.state === "ended" ? 1 : share;
  const earlier = (run.measured ?? []).filter((one) => one.share < reach);
  run.measured = [...earlier, { share: reach, value: Number.isFinite(value) ? value : null }];
}

/** Whether the run in a folder has made a share of its steps, and is saved there. */
async function reached(place: string, share: number): Promise<boolean> {
  if (!hasCheckpoint(place)) return false;
  return (await describeCheckpoint(place)).step >= stopOf(share, readStatus(place).steps ?? Infinity);
}
