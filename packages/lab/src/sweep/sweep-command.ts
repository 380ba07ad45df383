import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { isPackageName } from "../backends/installed.ts";
import { helpText, jsonOption, printJson } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { findExperiment, locateExperiment, type FoundExperiment } from "../experiment/find-experiment.ts";
import { runOptions } from "../experiment/run-options.ts";
import { checkTrust, isOwn } from "../experiment/trust.ts";
import { InterruptedError } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { RunError } from "../run-folder.ts";
import {
  defaultsOf,
  flagOf,
  parseGiven,
  UsageError,
  type Setting,
  type SettingsDefinition,
  type SettingsOf,
} from "../settings.ts";
import { parseAxis } from "./axes.ts";
import { readSweepManifest, type SweepManifest } from "./manifest.ts";
import { drawsOf, gridOf } from "./plan.ts";
import { createSweep, runSweep } from "./sweep.ts";
import { describeSweep, summarizeSweep, writeSweepPage } from "./sweep-summary.ts";

const options = {
  random: {
    default: 0,
    description: "number of random draws to run, instead of every combination",
    whole: true,
    least: 0,
  },
  randomSeed: { default: 1, description: "seed of the draws", whole: true, least: 0 },
  workers: { default: 1, description: "number of runs at the same time", whole: true, least: 1 },
  threads: {
    default: 0,
    description: "threads that each run may use; 0 divides the machine's among the workers",
    whole: true,
    least: 0,
  },
  resume: { default: "", description: "folder of a sweep to resume" },
  trust: runOptions.trust,
  changedSource: runOptions.changedSource,
  retry: { default: false, description: "with --resume: run the failed runs again" },
  metric: { default: "", description: "figure for the summary; without it, the first of the results" },
  runs: runOptions.runs,
  backend: { default: "", description: "backend of every run" },
  quick: { default: false, description: "run for seconds only, to check that every run works" },
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage: `ansatz sweep NAME --SETTING VALUES …    run an experiment with every combination of settings
ansatz sweep --resume FOLDER            resume a sweep that was stopped, or show its results

VALUES are a list (1e-4,3e-4,1e-3) or whole numbers (1..5).
With --random they can be a range: log-uniform (1e-5~1e-2) or uniform (0:0.5).`,
  options,
  names: { what: "the experiment", least: 0, most: 1 },
  settings: true,
} as const;

/** Runs `ansatz sweep` with these words. @throws UsageError for words that it cannot read, and what a sweep throws */
export async function run(words: readonly string[]): Promise<void> {
  const named = words[0]?.startsWith("-") === false ? words[0] : undefined;
  const rest = named === undefined ? words : words.slice(1);
  const found = named === undefined ? undefined : await findExperiment(named);
  if (rest.includes("--help") || rest.includes("-h")) return console.log(helpText(usage, found));
  const asked = parseGiven({ ...valuesOf(found?.experiment.settings ?? {}), ...options }, rest);
  const given = { ...defaultsOf(options), ...asked };
  if (given.resume !== "" && named !== undefined)
    throw new UsageError(
      "--resume takes only a folder\n  a sweep keeps its settings; start a new sweep for other settings",
    );
  const others = Object.entries(asked).filter(([name]) => !(name in options)) as [string, string][];
  const folder = given.resume === "" ? await begin(found, named, others, given) : given.resume;
  if (given.trust && given.resume === "")
    throw new UsageError(
      "--trust is for an experiment that only the folder of --resume names\n  leave it out: you name the experiment",
    );
  if (given.resume !== "" && !given.trust) checkTrusted(folder, await readSweepManifest(folder));

  const saved = await readSweepManifest(folder);
  const total = saved.runs.length;
  const done = saved.runs.filter(({ state }) => state === "ended").length;
  const progress = new Progress(total, { unit: "run", done, ...(given.json && { output: process.stderr }) });
  const onChange = (manifest: SweepManifest) => {
    const count = (state: string) => manifest.runs.filter((run) => run.state === state).length;
    progress.update(count("ended") + count("failed"), {
      running: count("running").toString(),
      ...(count("failed") > 0 ? { failed: count("failed").toString() } : {}),
    });
  };
  const workers = asked.workers ?? saved.workers ?? given.workers;
  const each = asked.threads ?? saved.threads ?? given.threads;
  const threads = each > 0 || workers === 1 ? each : Math.max(1, Math.floor(availableParallelism() / workers));
  try {
    if (!given.json) console.log(`${total} runs, ${workers} at once, ${relative("", folder)}`);
    await runSweep(folder, {
      command: [process.execPath, ...process.execArgv, process.argv[1]!],
      workers,
      threads,
      retry: given.retry,
      changedSource: given.changedSource,
      onChange,
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    process.exitCode = 130;
    const { experiment } = await readSweepManifest(folder);
    const trust = isOwn(locateExperiment(experiment)) ? "" : " --trust";
    const print = given.json ? console.error : console.log;
    print(`\n${error.message}\n  resume with: ${typedAs("sweep")} --resume ${relative("", folder)}${trust}`);
  } finally {
    progress.end();
  }
  await conclude(folder, given.metric === "" ? undefined : given.metric, given.json);
}

/** @throws RunError if the sweep runs a file that is somebody else's */
function checkTrusted(folder: string, { experiment, words }: SweepManifest): void {
  const mend = `add --trust: ${typedAs("sweep")} --resume ${folder} --trust`;
  checkTrust(locateExperiment(experiment), folder, mend);
  const other = words.find((word) => word !== "--quick" && !isPackageName(/^--backend=(.*)$/.exec(word)?.[1]));
  if (other !== undefined)
    throw new RunError(
      `${folder} runs its experiment with ${other}, which may import a file\n  if you trust it, ${mend}`,
    );
}

async function conclude(folder: string, metric: string | undefined, json: boolean): Promise<void> {
  const manifest = await readSweepManifest(folder);
  const summary = await summarizeSweep(folder, manifest, metric);
  const page = await writeSweepPage(folder, manifest, summary);
  if (json) printJson({ folder, page, ...summary });
  else console.log(`${describeSweep(summary)}\n${relative("", page)}`);
  if (process.exitCode === undefined && manifest.runs.some(({ state }) => state === "failed")) process.exitCode = 1;
}

/** The settings of an experiment as a sweep takes them: as texts, which stand for several values. */
function valuesOf(settings: SettingsDefinition): Readonly<Record<string, Setting<string>>> {
  return Object.fromEntries(
    Object.keys(settings).map((name) => [name, { default: "", description: "values, such as 1,2,3" }]),
  );
}

async function begin(
  found: FoundExperiment | undefined,
  named: string | undefined,
  others: readonly [string, string][],
  { random, randomSeed, backend, quick, runs, workers, threads }: SettingsOf<typeof options>,
): Promise<string> {
  if (found === undefined || named === undefined)
    throw new UsageError(
      "sweep needs the name of an experiment\n" +
        `  for example: ${typedAs("sweep")} NAME --learning-rate 1e-4,1e-3 --seed 1..3`,
    );
  const { name, experiment } = found;
  const axes = others.map(([name, text]) => parseAxis(experiment.settings, flagOf(name), text));
  const points = random > 0 ? drawsOf(axes, random, randomSeed) : gridOf(axes);
  if (points.length < 2)
    throw new RunError(
      `this sweep has only one run\n  give a setting several values, or start a single run: ${typedAs("run", [named])}`,
    );
  const words = [...(backend === "" ? [] : [`--backend=${backend}`]), ...(quick ? ["--quick"] : [])];
  return createSweep(runs, {
    experiment: named,
    name,
    words,
    workers,
    threads,
    axes,
    runs: points.map((settings, i) => ({ folder: (i + 1).toString(), settings, state: "waiting" })),
  });
}
