import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { isPackageName } from "../backends/installed.ts";
import { helpText, jsonOption, printJson } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { findExperiment, locateExperiment, type FoundExperiment } from "../experiment/find-experiment.ts";
import { runOptions } from "../experiment/run-options.ts";
import { checkTrust, isOwn } from "../experiment/trust.ts";
import { InterruptedError } from "../interrupt.ts";
import { metricOf } from "../metrics.ts";
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
import { checkSearch, type SweepSearch } from "./search-plan.ts";
import { createSweep, runSweep } from "./sweep.ts";
import { describeSweep, summarizeSweep, writeSweepPage } from "./sweep-summary.ts";
import { SweepTable } from "./sweep-table.ts";

const options = {
  search: {
    default: "grid",
    description:
      "grid: every combination; random: independent draws; tpe: draws near the best runs so far; " +
      "asha: many short runs, of which the best go on",
    choices: ["grid", "random", "tpe", "asha"],
  },
  trials: { default: 0, description: "number of points to try, with every search but grid", whole: true, least: 0 },
  metric: {
    default: "",
    description:
      "figure to judge by, such as validationLoss; +accuracy: best when highest; " +
      "without it, the first of the results",
  },
  searchSeed: { default: 1, description: "seed of the search", whole: true, least: 0 },
  rungs: {
    default: 3,
    description: "with asha: how often runs are compared; the last time is at their end",
    whole: true,
    least: 2,
    most: 20,
  },
  reduction: {
    default: 3,
    description: "with asha: of so many runs on a rung one goes on, and the next rung is so many times later",
    whole: true,
    least: 2,
  },
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
  runs: runOptions.runs,
  backend: { default: "", description: "backend of every run" },
  quick: { default: false, description: "run for seconds only, to check that every run works" },
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage: `ansatz sweep NAME --SETTING VALUES …    run an experiment with every combination of settings
ansatz sweep --resume FOLDER            resume a sweep that was stopped, or show its results

ansatz sweep NAME --SETTING RANGE … --search asha --trials 27 --metric validationLoss

VALUES are a list (1e-4,3e-4,1e-3) or whole numbers (1..5).
A RANGE is log-uniform (1e-5~1e-2) or uniform (0:0.5); it needs --search random, tpe or asha.`,
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
  checkAsked(asked);
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
  const metric = given.metric || metricText(saved.search);
  const table = new SweepTable({ folder, metric, ...(given.json && { output: process.stderr }) });
  const workers = asked.workers ?? saved.workers ?? given.workers;
  const each = asked.threads ?? saved.threads ?? given.threads;
  const threads = each > 0 || workers === 1 ? each : Math.max(1, Math.floor(availableParallelism() / workers));
  try {
    const total = saved.search?.trials ?? saved.runs.length;
    if (!given.json) console.log(`${total} runs, ${workers} at once, ${relative("", folder)}`);
    await runSweep(folder, {
      command: [process.execPath, ...process.execArgv, process.argv[1]!],
      workers,
      threads,
      retry: given.retry,
      changedSource: given.changedSource,
      onChange: (manifest, stopped) => table.update(manifest, stopped),
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    process.exitCode = 130;
    const { experiment } = await readSweepManifest(folder);
    const trust = isOwn(locateExperiment(experiment)) ? "" : " --trust";
    const print = given.json ? console.error : console.log;
    print(`\n${error.message}\n  resume with: ${typedAs("sweep")} --resume ${relative("", folder)}${trust}`);
  } finally {
    table.end();
  }
  await conclude(folder, metric || undefined, given.json);
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

/** The metric of a search as it is written on the command line. */
function metricText(search: SweepSearch | undefined): string {
  return search === undefined ? "" : `${search.highest ? "+" : ""}${search.metric}`;
}

/** @throws UsageError for options that the kind of search does not have, or lacks */
function checkAsked(asked: Partial<SettingsOf<typeof options>>): void {
  const { search = "grid", trials = 0, metric = "", resume = "" } = asked;
  const refuse = (what: string, mend: string) => new UsageError(`${what}\n  ${mend}`);
  const kept = (["search", "trials", "searchSeed", "rungs", "reduction"] as const).find((name) => name in asked);
  if (resume !== "") {
    if (kept === undefined) return;
    throw refuse(`--${flagOf(kept)} is for a new sweep, and --resume keeps that of the old one`, "leave it out");
  }
  if (search === "grid" && kept !== undefined && kept !== "search")
    throw refuse(
      `--${flagOf(kept)} is for a search, and a grid is every combination`,
      "add --search random, tpe or asha",
    );
  if (search !== "grid" && trials === 0)
    throw refuse(`--search ${search} needs the number of points to try`, "add --trials 20");
  if (search !== "asha" && ("rungs" in asked || "reduction" in asked))
    throw refuse(`--${"rungs" in asked ? "rungs" : "reduction"} is for --search asha`, "leave it out");
  if ((search === "tpe" || search === "asha") && metric === "")
    throw refuse(
      `--search ${search} needs the figure by which it chooses`,
      "add --metric validationLoss, or --metric +accuracy if the highest is best",
    );
}

async function begin(
  found: FoundExperiment | undefined,
  named: string | undefined,
  others: readonly [string, string][],
  given: SettingsOf<typeof options>,
): Promise<string> {
  if (found === undefined || named === undefined)
    throw new UsageError(
      "sweep needs the name of an experiment\n" +
        `  for example: ${typedAs("sweep")} NAME --learning-rate 1e-4,1e-3 --seed 1..3`,
    );
  const { name, experiment } = found;
  const axes = others.map(([name, text]) => parseAxis(experiment.settings, flagOf(name), text));
  const { search: kind, trials, searchSeed, metric, rungs, reduction } = given;
  const { backend, quick, runs, workers, threads } = given;
  const chooses = kind === "tpe" || kind === "asha";
  const search = chooses ? { kind, trials, seed: searchSeed, ...metricOf(metric), reduction, rungs } : undefined;
  if (search !== undefined) checkSearch(search, axes);
  const points = chooses ? [] : kind === "random" ? drawsOf(axes, trials, searchSeed) : gridOf(axes);
  if ((search?.trials ?? points.length) < 2)
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
    ...(search && { search }),
    runs: points.map((settings, i) => ({ folder: (i + 1).toString(), settings, state: "waiting" })),
  });
}
