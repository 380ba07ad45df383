import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RandomStream, realize, type Tensor } from "@ansatz/core";
import { isTensor } from "@ansatz/core/plugin";
import { writing } from "@ansatz/data";
import { hasCheckpoint } from "../checkpoint.ts";
import { RunObserver } from "../diagnose/run-observer.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import type { Metrics } from "../metrics.ts";
import { writeReport } from "../report/report.ts";
import { createRunFolder, readJson, RunError, writeJson } from "../run-folder.ts";
import { checkSettings, defaultsOf, type SettingValue } from "../settings.ts";
import type { Result } from "./claim.ts";
import type { Experiment } from "./experiment.ts";
import { RunFiles } from "./run-files.ts";
import { RunLock } from "./run-lock.ts";
import { RunOutput, type Verbosity } from "./run-output.ts";
import { changesSince, recordRun, type RunRecord } from "./run-record.ts";
import { RunStatus } from "./run-status.ts";
import { TrainingLoop } from "./training-loop.ts";

export interface RunOptions {
  /** What the experiment is called: a new run is in `runs/NAME/N`. "experiment" unless given. */
  readonly name?: string;
  /** Settings that differ from their defaults, the seed among them. */
  readonly settings?: Readonly<Record<string, SettingValue>>;
  /** Where the folders of runs are; `runs` unless given. */
  readonly runs?: string;
  /** This very folder, in place of a new one: made when absent, gone on with when it holds a run. */
  readonly folder?: string;
  /** The name of the backend in use, for the run's record. */
  readonly backend?: string;
  /** Why it is that one, said when training begins. */
  readonly backendReason?: string | undefined;
  /**
   * The experiment's file, for the versions in the run's record and for going on later; the working folder unless
   * given.
   */
  readonly source?: string;
  /**
   * Whether it is watched for what commonly goes wrong; its numbers stay the same, but a step takes about twice as
   * long.
   */
  readonly diagnose?: boolean;
  /** How many steps lie between histograms of weights and gradients; none are written unless given. */
  readonly histograms?: number;
  /** What is printed: "text" unless given. */
  readonly output?: Verbosity;
}

/** A run that has ended. */
export interface Run<R extends Result = Result> {
  readonly folder: string;
  readonly result: R;
}

/**
 * Runs an experiment once, in a folder of its own, on the backend in use.
 *
 * In a folder that holds a run that was stopped, it goes on from the last checkpoint, with that run's settings; one
 * that has ended gives its result at once.
 *
 * @throws UsageError for settings that make no sense; RunError when another process works in the folder, or it holds a
 * run with other settings;
 *   InterruptedError after Ctrl-C, when all is saved; WriteError
 */
export async function runExperiment<R extends Result>(
  experiment: Experiment<R>,
  options: RunOptions = {},
): Promise<Run<R>> {
  const {
    name = "experiment",
    backend = "",
    source = process.cwd(),
    diagnose = false,
    histograms = 0,
    backendReason,
    output: verbosity = "text",
  } = options;
  const given = checkSettings(experiment.settings, options.settings ?? {});
  const folder = options.folder ?? (await createRunFolder(options.runs ?? "runs", name));
  await writing(folder, () => mkdir(folder, { recursive: true }));
  using _lock = new RunLock(folder);
  const settings = await settle(folder, experiment, given);
  const output = new RunOutput(folder, verbosity, backendReason);
  if (existsSync(join(folder, "result.json"))) {
    output.conclude(`${folder} has ended already: its result is in ${join(folder, "result.json")}`);
    return { folder, result: (await readJson(folder, "result.json")) as R };
  }
  const record = await recordRun(experiment, { name, seed: settings["seed"] as number, backend, source });
  if (!existsSync(join(folder, "run.json"))) await writeJson(folder, "run.json", record);
  else
    for (const change of changesSince((await readJson(folder, "run.json")) as RunRecord, record)) output.print(change);

  using interrupt = new Interrupt();
  const status = new RunStatus(folder);
  status.running(0);
  const files = new RunFiles(folder);
  if (!hasCheckpoint(folder)) files.clear();
  const random = new RandomStream(settings["seed"] as number);
  const loop = new TrainingLoop(folder, { random, files }, { output, status, interrupt });
  using observer = new RunObserver(folder, { diagnose, histograms, step: () => loop.step });
  try {
    const result = await experiment.run({
      settings: settings as never,
      random,
      folder,
      interrupt,
      steps: (count, parts, of) => {
        observer.begin(parts);
        return loop.steps(count, parts, of);
      },
      log: async (measured) => {
        const metrics = await log(measured, loop, files, output);
        for (const line of observer.observe(metrics)) output.print(`\n${line}`);
      },
      sample: (text) => files.samples.append({ step: loop.step, text }),
      print: (text) => output.print(text),
    });
    await writeJson(folder, "result.json", result);
    status.finished("ended");
    await writeReport(folder).catch((error: Error) =>
      output.print(`the report could not be written: ${error.message}`),
    ); // the result is there all the same
    output.conclude(
      `${folder}: ${Object.entries(result)
        .map(([what, value]) => `${what} ${value.toPrecision(5)}`)
        .join(", ")}`,
    );
    return { folder, result };
  } catch (error) {
    const stopped = error instanceof InterruptedError;
    if (existsSync(folder))
      status.finished(stopped ? "interrupted" : "failed", ...(stopped ? [] : [(error as Error).message]));
    if (!stopped) throw error;
    const { step, saved } = loop;
    throw new InterruptedError(
      saved === step
        ? `stopped after step ${step}; everything is saved`
        : `stopped in step ${step}; ${saved === undefined ? "it starts again" : `it goes on after step ${saved}`}`,
    );
  }
}

/** The settings of the run in a folder: those that it began with, or, for a new one, the ones given. */
async function settle(
  folder: string,
  experiment: Experiment,
  given: Readonly<Record<string, SettingValue | undefined>>,
): Promise<Readonly<Record<string, SettingValue>>> {
  const defaults = defaultsOf(experiment.settings);
  if (!existsSync(join(folder, "settings.json"))) {
    const settings = { ...defaults, ...(given as Readonly<Record<string, SettingValue>>) };
    await writeJson(folder, "settings.json", settings);
    return settings;
  }
  const saved = await readSettings(folder);
  const settings = {
    ...defaults,
    ...(checkSettings(experiment.settings, saved) as Readonly<Record<string, SettingValue>>),
  };
  const other = Object.keys(given).find((name) => given[name] !== settings[name]);
  if (other !== undefined)
    throw new RunError(
      `${folder} holds a run in which ${other} is ${String(settings[other])}, not ${String(given[other])}\n  a run goes on with its own settings; start a new one for others`,
    );
  return settings;
}

/** The settings that a run began with. @throws RunError for a folder of no run */
export async function readSettings(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const saved = await readJson(folder, "settings.json");
  if (typeof saved !== "object" || saved === null || Array.isArray(saved))
    throw new RunError(`${join(folder, "settings.json")} holds no settings\n  is this the folder of a run?`);
  return saved as Readonly<Record<string, unknown>>;
}

/** Realises what was measured, together with the step's updates, and writes it down. */
async function log(
  measured: Readonly<Record<string, number | Tensor>>,
  loop: TrainingLoop,
  files: RunFiles,
  output: RunOutput,
): Promise<Metrics> {
  const metrics: Record<string, number> & { step: number } = { step: loop.step };
  await realize(...Object.values(measured).filter((value) => isTensor(value)));
  for (const [name, value] of Object.entries(measured)) metrics[name] = isTensor(value) ? await value.item() : value;
  if (loop.began !== undefined) {
    const seconds = (performance.now() - loop.began) / 1_000;
    for (const [what, amount] of Object.entries(loop.each)) metrics[`${what}PerSecond`] = Math.round(amount / seconds);
    loop.began = undefined;
  }
  files.metrics.append(metrics as Metrics);
  output.measured(metrics as Metrics);
  return metrics as Metrics;
}
