import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError, key, RandomStream, realize, type Communicator, type Tensor } from "@ansatz/core";
import { defaultStream, isTensor } from "@ansatz/core/plugin";
import { writing } from "@ansatz/data";
import { describeCheckpoint, goBackTo, hasCheckpoint } from "../checkpoint.ts";
import { RunObserver } from "../diagnose/run-observer.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { jsonText } from "../json-lines.ts";
import { metricOf, MetricsLog, type Metrics } from "../metrics.ts";
import { checkDivides } from "../parallel/check-divides.ts";
import { follow, type Beginning } from "../parallel/follow.ts";
import { Ranks } from "../parallel/ranks.ts";
import { duration } from "../progress.ts";
import { recordedNumber } from "../view/parse-lines.ts";
import { createRunFolder, readJson, RunError, writeJson, writeText } from "../run-folder.ts";
import { checkSettings, defaultsOf, type SettingValue } from "../settings.ts";
import { Budget, recordSpentBudget, reopen } from "./budget.ts";
import { changedSource, recordSource } from "./changed-source.ts";
import type { Result } from "./claim.ts";
import { checkLosses } from "./diverged.ts";
import type { Experiment } from "./experiment.ts";
import { originOf, sameOrigin, type Origin, type OriginOptions } from "./origin.ts";
import { RunFiles } from "./run-files.ts";
import { RunLock, untilFree } from "./run-lock.ts";
import { RunOutput, type Verbosity } from "./run-output.ts";
import { changesSince, recordChange, recordRun, type RunRecord } from "./run-record.ts";
import { readStatus, RunStatus } from "./run-status.ts";
import { TrainingLoop } from "./training-loop.ts";
import type { RunEnd, Verdict } from "./verdict.ts";

/** The process-wide stream starts at this fold of the run's seed, which no key of the run's own stream has. */
const processStream = 2 ** 32;

/** Starts the process-wide stream for a run with a seed. */
export function seedProcess(seed: number): void {
  defaultStream().load({ key: key(seed).fold(processStream).words(), counter: 0 });
}

/** How long a run of several processes waits for those that `mpirun` has just ended, in milliseconds. */
const patience = 10_000;

/** What the lab writes before an experiment runs. If its first act is to refuse the settings, nothing is left. */
const beginnings = new Set(["lock", "log.txt", "run.json", "settings.json", "source.json", "status.json"]);

export interface RunOptions {
  /** The name of the experiment; a new run goes to `runs/NAME/N`. Default: "experiment". */
  readonly name?: string;
  /** Settings that differ from their defaults; the seed is one of them. */
  readonly settings?: Readonly<Record<string, SettingValue>>;
  /** The folder that holds the folders of runs. Default: `runs`. */
  readonly runs?: string;
  /** The folder of this run, instead of a new number. It is created if absent; a run that it holds is resumed. */
  readonly folder?: string;
  /** The name of the backend in use, for the record of the run. */
  readonly backend?: string;
  /** Why that backend was chosen; printed when training begins. */
  readonly backendReason?: string | undefined;
  /**
   * The experiment's file: the record of the run needs it for the versions and the digest of the source, and `--resume`
   * needs it to load the experiment. Default: the working folder, of which no digest is recorded.
   */
  readonly source?: string;
  /** Whether to resume a run although its source has changed since it began. */
  readonly changedSource?: boolean;
  /** Whether to look for common training problems. The numbers stay the same; a step takes about twice as long. */
  readonly diagnose?: boolean;
  /** Steps between histograms of weights and gradients. Default: 0, which writes none. */
  readonly histograms?: number;
  /** Another run to start from: the model, or the parts that it names, begin as they are in its last checkpoint. */
  readonly from?: OriginOptions;
  /** For a run that is resumed: its new number of steps, a setting of the experiment. A run that has ended goes on. */
  readonly steps?: number;
  /** For a run that is resumed: the step of the checkpoint to use; later ones are removed. Default: the newest. */
  readonly checkpoint?: number;
  /**
   * The seconds that it may take: the training loop ends after the step in which they are spent, and the code after the
   * loop runs. It then has the result of an unfinished training, and resumes if it is run again. Default: no limit.
   */
  readonly budget?: number;
  /** The number of checkpoints to keep. Default: 2, so that one is whole if the newest is damaged. */
  readonly keep?: number;
  /** A metric: the checkpoint at which it was lowest is kept, too; highest, if its name begins with a "+". */
  readonly keepBest?: string;
  /**
   * The share of its steps after which the run stops, saved, to be resumed: 0.25 for a quarter. What depends on the
   * number of steps, such as a schedule, is that of the whole run. Default: 1, the end of the run.
   */
  readonly stopAt?: number;
  /** Whether a loss may be NaN. Default: what the experiment says. */
  readonly allowNaN?: boolean;
  /** What is printed. Default: "text". */
  readonly output?: Verbosity;
  /** The processes that share each batch, of which rank 0 writes. All of them call. Default: this process alone. */
  readonly communicator?: Communicator;
}

/** A run that has ended. */
export interface Run<R extends Result = Result> {
  readonly folder: string;
  readonly result: R;
  /** Why it ended. */
  readonly end: RunEnd;
}

/**
 * Runs an experiment once, in its own folder, on the backend in use.
 *
 * The run seeds the process-wide random stream, so that layers which are made without `random` depend on the seed, too.
 *
 * If the folder holds a run that was stopped or whose budget was spent, that run resumes from its last checkpoint, with
 * its own settings. If the run has ended, its result is returned at once.
 *
 * @throws UsageError for settings that do not exist or are out of range; RunError if another process is using the
 * folder, or if it holds a run with other settings, another source or another origin; CheckpointError or StateError if
 * a checkpoint is missing or damaged, or does not fit; DivergedError if a loss is NaN; InterruptedError after Ctrl-C,
 * once everything is saved; WriteError
 */
export async function runExperiment<R extends Result>(
  experiment: Experiment<R>,
  options: RunOptions = {},
): Promise<Run<R>> {
  const ranks = new Ranks(options.communicator);
  if (ranks.size > 1) checkDivides(experiment, options.name);
  return ranks.leads
    ? runOnce(experiment, options, ranks)
    : follow(ranks, options, (own) => runOnce(experiment, own, ranks));
}

async function runOnce<R extends Result>(
  experiment: Experiment<R>,
  options: RunOptions,
  ranks: Ranks,
): Promise<Run<R>> {
  const {
    name = "experiment",
    backend = "",
    source = process.cwd(),
    diagnose = false,
    histograms = 0,
    backendReason,
    keep = 2,
    keepBest = "",
    allowNaN = experiment.allowNaN,
    stopAt = 1,
    output: verbosity = "text",
  } = options;
  const budget = new Budget(options.budget);
  const began = performance.now();
  const given = checkSettings(experiment.settings, options.settings ?? {});
  const folder = options.folder ?? (await createRunFolder(options.runs ?? "runs", name));
  await writing(folder, () => mkdir(folder, { recursive: true }));
  const wasEmpty = (await readdir(folder)).length === 0;
  if (ranks.size > 1) await untilFree(folder, patience); // mpirun ends before the processes that it ends
  using _lock = new RunLock(folder);
  if (options.steps !== undefined) await prolong(folder, experiment, options.steps);
  await reopen(folder);
  const settings = await settle(folder, experiment, given);
  const output = new RunOutput(folder, verbosity, backendReason);
  const resultFile = join(folder, "result.json");
  const text = existsSync(resultFile) ? await readFile(resultFile, "utf8") : null;
  if (ranks.leads) await ranks.share<Beginning>({ folder, settings, result: text });
  if (text !== null) {
    output.conclude(`${folder} has ended already: its result is in ${resultFile}`);
    const [result, { step: made, steps: of = null }] = [await readResult<R>(folder), readStatus(folder)];
    const metrics = new MetricsLog(folder).read().at(-1) ?? null;
    output.verdict({ verdict: "done", folder, steps: { made, of }, seconds: 0, result, metrics });
    return { folder, result, end: "done" };
  }
  if (options.checkpoint !== undefined) await goBackTo(folder, options.checkpoint);
  const record = await recordRun(experiment, {
    name,
    seed: settings["seed"] as number,
    backend,
    source,
    ranks: ranks.size,
  });
  const origin = await begin(folder, record, options, output);

  using interrupt = new Interrupt();
  const status = new RunStatus(folder);
  status.running(0);
  const files = new RunFiles(folder);
  if (!hasCheckpoint(folder)) files.clear();
  const seed = settings["seed"] as number;
  const random = new RandomStream(seed);
  seedProcess(seed);
  const best = keepBest === "" ? undefined : metricOf(keepBest);
  const context = { output, status, interrupt, budget, origin, keep, best, ranks, stopAt };
  const loop = new TrainingLoop(folder, { random, files }, context);
  const verdict = (end: RunEnd, more: Partial<Pick<Verdict, "result" | "error">> = {}) => {
    const seconds = Number(((performance.now() - began) / 1_000).toFixed(3));
    const steps = { made: loop.made, of: loop.count ?? null };
    output.verdict({ verdict: end, folder, steps, seconds, result: null, metrics: files.last ?? null, ...more });
  };
  using observer = new RunObserver(folder, { diagnose, histograms, step: () => loop.step });
  try {
    const result = await experiment.run({
      settings: settings as never,
      random,
      folder,
      // One process that stops ends all, so only the one that can say so stops between the steps.
      interrupt: ranks.leads ? interrupt : { requested: false, check: () => undefined },
      communicator: ranks.communicator,
      steps: (count, parts, of) => {
        observer.begin(parts);
        return loop.steps(count, parts, of);
      },
      labels: (labels) => labels,
      log: async (measured) => {
        const metrics = await log(measured, loop, files, output);
        for (const line of observer.observe(metrics)) output.warn(line);
        if (!allowNaN) checkLosses(metrics, diagnose);
      },
      sample: (text) => files.samples.append({ step: loop.step, text }),
      print: (text) => output.print(text),
    });
    const end = loop.end ?? "done"; // a run may have no loop, or leave it
    if (end === "budget spent")
      await recordSpentBudget(folder, { step: loop.made, steps: loop.count!, seconds: options.budget!, result });
    await writeText(folder, "result.json", jsonText(result, 2));
    status.finished("ended", { end });
    // The report is loaded only when it is written, so that runs start at once.
    if (ranks.leads) {
      const { writeReport } = await import("../report/report.ts");
      await writeReport(folder).catch((error: Error) =>
        output.print(`the report could not be written: ${error.message}`),
      ); // the result is already saved
    }
    const figures = Object.entries(result).map(([what, value]) => [what, value.toPrecision(5)] as const);
    const { seconds } = files;
    output.conclude(`${folder}: ${figures.map((figure) => figure.join(" ")).join(", ")}`, [
      ...figures,
      ...(seconds === undefined ? [] : [["time", duration(seconds * 1_000)]]),
      ["folder", folder],
    ]);
    if (options.budget !== undefined && loop.count === undefined)
      output.print("the budget was not used: it ends a loop of steps, and this experiment has none");
    verdict(end, { result });
    return { folder, result, end };
  } catch (error) {
    const stopped = error instanceof InterruptedError;
    const ended = stopped ? "interrupted" : "failed";
    const why = stopped ? {} : { error: (error as Error).message };
    const refused = wasEmpty && error instanceof AnsatzError && !stopped && loop.count === undefined;
    if (refused && (await readdir(folder)).every((name) => beginnings.has(name))) await rm(folder, { recursive: true });
    else if (existsSync(folder)) status.finished(ended, { end: ended, ...why });
    verdict(ended, why);
    if (!stopped) throw error;
    const { step, saved } = loop;
    const later = saved === undefined ? "it will start again" : `it will resume after step ${saved}`;
    throw new InterruptedError(
      saved === step ? `stopped after step ${step}; everything is saved` : `stopped in step ${step}; ${later}`,
    );
  }
}

/**
 * Records how a run begins or, if it began before, what has changed since. Returns the run that it starts from.
 */
async function begin(
  folder: string,
  record: RunRecord,
  { from: asked, changedSource: allowed = false }: RunOptions,
  output: RunOutput,
): Promise<Origin | undefined> {
  const { source, backend } = record;
  if (!existsSync(join(folder, "run.json"))) {
    const origin = asked && (await originOf(asked));
    await writeJson(folder, "run.json", { ...record, ...(origin && { from: origin }) });
    await recordSource(folder, source, backend);
    return origin;
  }
  const saved = (await readJson(folder, "run.json")) as RunRecord;
  await sameOrigin(folder, saved.from, asked);
  for (const change of changesSince(saved, record)) output.print(change);
  if (!hasCheckpoint(folder))
    await recordSource(folder, source, saved.backend); // it begins again
  else {
    const changed = await changedSource(folder, { source, backend: saved.backend, allowed });
    if (changed.length > 0) {
      await recordChange(folder, { step: (await describeCheckpoint(folder)).step, source: changed });
      output.print(`resuming with changed source: ${changed.join(", ")}`);
    }
  }
  return saved.from;
}

/**
 * Gives the run in a folder another number of steps. Its result, if it has one, goes to the record.
 * @throws UsageError if the experiment has no such setting, or if it cannot have this value; RunError if the run has
 * made as many steps already; CheckpointError
 */
async function prolong(folder: string, experiment: Experiment, steps: number): Promise<void> {
  checkSettings(experiment.settings, { steps });
  const [saved, { step }] = await Promise.all([readSettings(folder), describeCheckpoint(folder)]);
  if (steps <= step)
    throw new RunError(`${folder} has made ${step} steps already\n  give it more than that, or start a new run`);
  if (steps === saved["steps"]) return;
  const path = join(folder, "result.json");
  const result = existsSync(path) ? { result: (await readJson(folder, "result.json")) as Result } : {};
  await recordChange(folder, { step, steps: [saved["steps"] as number, steps], ...result });
  await writeJson(folder, "settings.json", { ...saved, steps });
  await rm(path, { force: true });
}

/** The settings of the run in a folder: those with which it began or, for a new run, the given ones. */
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
      `${folder} holds a run in which ${other} is ${String(settings[other])}, not ${String(given[other])}\n` +
        "  a run keeps its settings; start a new run for other settings",
    );
  return settings;
}

/** The settings with which a run began. @throws RunError if the folder isn't a run's */
export async function readSettings(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const saved = await readJson(folder, "settings.json");
  if (typeof saved !== "object" || saved === null || Array.isArray(saved))
    throw new RunError(`${join(folder, "settings.json")} holds no settings\n  check that this is the folder of a run`);
  return saved as Readonly<Record<string, unknown>>;
}

/** The figures of a run that has ended. In the file, NaN and infinities are strings. @throws RunError */
async function readResult<R extends Result>(folder: string): Promise<R> {
  const saved = (await readJson(folder, "result.json")) as Readonly<Record<string, unknown>>;
  const figures = Object.entries(saved).map(([name, value]) => [name, recordedNumber(value) ?? NaN] as const);
  return Object.fromEntries(figures) as R;
}

/** Realizes what was measured, together with the step's updates, and records it. */
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
  files.measured(metrics as Metrics, loop.each);
  loop.measured(metrics as Metrics);
  output.measured(metrics as Metrics);
  return metrics as Metrics;
}
