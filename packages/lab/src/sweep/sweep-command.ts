import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { isPackageName } from "../backends/installed.ts";
import { findExperiment, locateExperiment } from "../experiment/find-experiment.ts";
import { runOptions } from "../experiment/run-options.ts";
import { checkTrust, isOwn } from "../experiment/trust.ts";
import { InterruptedError } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { RunError } from "../run-folder.ts";
import {
  defaultsOf,
  describeSettings,
  flagOf,
  parseGiven,
  UsageError,
  type SettingsDefinition,
  type SettingsOf,
} from "../settings.ts";
import { parseAxis } from "./axes.ts";
import { readSweepManifest, type SweepManifest } from "./manifest.ts";
import { drawsOf, gridOf } from "./plan.ts";
import { createSweep, runSweep } from "./sweep.ts";
import { describeSweep, summarizeSweep, writeSweepPage } from "./sweep-summary.ts";

const usage = `ansatz sweep NAME --SETTING VALUES …    run an experiment with every combination of settings
ansatz sweep --resume FOLDER            resume a sweep that was stopped, or show its results

VALUES are a list (1e-4,3e-4,1e-3) or whole numbers (1..5).
With --random they can be a range: log-uniform (1e-5~1e-2) or uniform (0:0.5).`;

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
  trust: {
    default: false,
    description: "with --resume: run the experiment that the folder names, even if it is not of this workspace",
  },
  changedSource: runOptions.changedSource,
  retry: { default: false, description: "with --resume: run the failed runs again" },
  metric: { default: "", description: "figure for the summary; without it, the first of the results" },
  runs: { default: "runs", description: "folder that holds the folders of runs" },
  backend: { default: "", description: "backend of every run" },
  quick: { default: false, description: "run for seconds only, to check that every run works" },
} as const satisfies SettingsDefinition;

/** Runs `ansatz sweep` with these words. @throws UsageError for words that it cannot read, and what a sweep throws */
export async function sweepCommand(words: readonly string[]): Promise<void> {
  const named = words[0]?.startsWith("-") === false ? words[0] : undefined;
  const rest = named === undefined ? words : words.slice(1);
  if (rest.includes("--help") || rest.includes("-h")) return console.log(await helpFor(named));
  const { own, others } = sortWords(rest);
  const asked = parseGiven(options, own);
  const given = { ...defaultsOf(options), ...asked };
  const folder = given.resume === "" ? await begin(named, others, given) : given.resume;
  if (given.resume !== "" && (named !== undefined || others.length > 0))
    throw new UsageError(
      "--resume takes only a folder\n  a sweep keeps its settings; start a new sweep for other settings",
    );
  if (given.trust && given.resume === "")
    throw new UsageError(
      "--trust is for an experiment that only the folder of --resume names\n  leave it out: you name the experiment",
    );
  if (given.resume !== "" && !given.trust) checkTrusted(folder, await readSweepManifest(folder));

  const saved = await readSweepManifest(folder);
  const total = saved.runs.length;
  const done = saved.runs.filter(({ state }) => state === "ended").length;
  const progress = new Progress(total, { unit: "run", done });
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
    console.log(`${total} runs, ${workers} at once, ${relative("", folder)}`);
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
    console.log(`\n${error.message}\n  resume with: ansatz sweep --resume ${relative("", folder)}${trust}`);
  } finally {
    progress.end();
  }
  await conclude(folder, given.metric === "" ? undefined : given.metric);
}

/** @throws RunError if the sweep runs a file that is somebody else's */
function checkTrusted(folder: string, { experiment, words }: SweepManifest): void {
  const mend = `add --trust: ansatz sweep --resume ${folder} --trust`;
  checkTrust(locateExperiment(experiment), folder, mend);
  const other = words.find((word) => word !== "--quick" && !isPackageName(/^--backend=(.*)$/.exec(word)?.[1]));
  if (other !== undefined)
    throw new RunError(
      `${folder} runs its experiment with ${other}, which may import a file\n  if you trust it, ${mend}`,
    );
}

async function conclude(folder: string, metric: string | undefined): Promise<void> {
  const manifest = await readSweepManifest(folder);
  const summary = await summarizeSweep(folder, manifest, metric);
  console.log(describeSweep(summary));
  console.log(relative("", await writeSweepPage(folder, manifest, summary)));
  if (process.exitCode === undefined && manifest.runs.some(({ state }) => state === "failed")) process.exitCode = 1;
}

/** Separates the options of the sweep from the settings, which are pairs of a flag and values. */
function sortWords(words: readonly string[]): { own: string[]; others: [string, string][] } {
  const own: string[] = [];
  const others: [string, string][] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const [flag = "", ...inline] = word.replace(/^--/, "").split("=");
    const name = Object.keys(options).find((known) => flagOf(known) === flag) as keyof typeof options | undefined;
    const alone = name !== undefined && typeof options[name].default === "boolean";
    const text = inline.length > 0 ? inline.join("=") : alone ? "true" : words[++i];
    if (!word.startsWith("--"))
      throw new UsageError(
        `"${word}" isn't a setting\n  write settings as --learning-rate 1e-4,1e-3; --help lists them`,
      );
    if (text === undefined) throw new UsageError(`--${flag} needs values\n  such as --${flag} 1,2,3`);
    if (name === undefined) others.push([flag, text]);
    else own.push(`--${flag}=${text}`);
  }
  return { own, others };
}

async function begin(
  named: string | undefined,
  others: readonly [string, string][],
  { random, randomSeed, backend, quick, runs, workers, threads }: SettingsOf<typeof options>,
): Promise<string> {
  if (named === undefined)
    throw new UsageError(
      "sweep needs the name of an experiment\n  for example: ansatz sweep NAME --learning-rate 1e-4,1e-3 --seed 1..3",
    );
  const { name, experiment } = await findExperiment(named);
  const axes = others.map(([flag, text]) => parseAxis(experiment.settings, flag, text));
  const twice = axes.find((axis, i) => axes.some((other, j) => j < i && other.name === axis.name));
  if (twice !== undefined)
    throw new UsageError(`--${flagOf(twice.name)} is given twice\n  list all of its values in one: a,b,c`);
  const points = random > 0 ? drawsOf(axes, random, randomSeed) : gridOf(axes);
  if (points.length < 2)
    throw new RunError(
      `this sweep has only one run\n  give a setting several values, or start a single run: ansatz run ${named}`,
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

async function helpFor(named: string | undefined): Promise<string> {
  const parts = [usage, describeSettings(options)];
  if (named !== undefined)
    parts.push(`Settings of ${named}\n${describeSettings((await findExperiment(named)).experiment.settings)}`);
  return parts.join("\n\n");
}
