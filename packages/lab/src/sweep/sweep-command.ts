import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { findExperiment } from "../experiment/find-experiment.ts";
import { InterruptedError } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { RunError } from "../run-folder.ts";
import { defaultsOf, describeSettings, flagOf, parseGiven, UsageError, type SettingsDefinition } from "../settings.ts";
import { parseAxis } from "./axes.ts";
import { readSweepManifest, type SweepManifest } from "./manifest.ts";
import { drawsOf, gridOf } from "./plan.ts";
import { createSweep, runSweep } from "./sweep.ts";
import { describeSweep, summarizeSweep, writeSweepPage } from "./summary.ts";

const usage = `ansatz sweep NAME --SETTING VALUES …    runs an experiment with every combination of settings
ansatz sweep --resume FOLDER            goes on with a sweep that was stopped, or shows what it came to

VALUES are 1e-4,3e-4,1e-3 (these), 1..5 (whole numbers); and with --random, 1e-5~1e-2 (log-uniform) and 0:0.5 (uniform)`;

const options = {
  random: {
    default: 0,
    description: "how many draws of the settings to run, in place of every combination",
    whole: true,
    least: 0,
  },
  randomSeed: { default: 1, description: "of the draws", whole: true, least: 0 },
  workers: { default: 1, description: "how many runs go on at once", whole: true, least: 1 },
  threads: {
    default: 0,
    description: "how many threads each run may use; 0 shares the machine's among the workers",
    whole: true,
    least: 0,
  },
  resume: { default: "", description: "the folder of a sweep" },
  retry: { default: false, description: "with --resume: tries again what failed" },
  metric: { default: "", description: "the figure that the summary is about; the first of the results unless given" },
  runs: { default: "runs", description: "where the folders of runs are" },
  backend: { default: "", description: "what computes, for every run" },
  quick: { default: false, description: "runs of seconds, to see whether they work" },
} as const satisfies SettingsDefinition;

/** The words after `ansatz sweep`. @throws UsageError for words that make no sense, and what a sweep throws */
export async function sweepCommand(words: readonly string[]): Promise<void> {
  const named = words[0]?.startsWith("-") === false ? words[0] : undefined;
  const rest = named === undefined ? words : words.slice(1);
  if (rest.includes("--help") || rest.includes("-h"))
    return console.log(
      `${usage}\n\n${describeSettings(options)}${named === undefined ? "" : `\n\nSettings of ${named}\n${describeSettings((await findExperiment(named)).experiment.settings)}`}`,
    );
  const { own, others } = sortWords(rest);
  const given = { ...defaultsOf(options), ...parseGiven(options, own) };
  const folder = given.resume === "" ? await begin(named, others, given) : given.resume;
  if (given.resume !== "" && (named !== undefined || others.length > 0))
    throw new UsageError(
      "--resume takes a folder and no settings\n  a sweep goes on with its own plan; start a new one for others",
    );

  const total = (await readSweepManifest(folder)).runs.length;
  const progress = new Progress(total, {
    unit: "run",
    done: (await readSweepManifest(folder)).runs.filter(({ state }) => state === "ended").length,
  });
  const onChange = (manifest: SweepManifest) => {
    const count = (state: string) => manifest.runs.filter((run) => run.state === state).length;
    progress.update(count("ended") + count("failed"), {
      running: count("running").toString(),
      ...(count("failed") > 0 ? { failed: count("failed").toString() } : {}),
    });
  };
  const threads =
    given.threads > 0 || given.workers === 1
      ? given.threads
      : Math.max(1, Math.floor(availableParallelism() / given.workers));
  try {
    console.log(`${total} runs, ${given.workers} at once, ${relative("", folder)}`);
    await runSweep(folder, {
      command: [process.execPath, ...process.execArgv, process.argv[1]!],
      workers: given.workers,
      threads,
      retry: given.retry,
      onChange,
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    process.exitCode = 130;
    console.log(`\n${error.message}\n  go on with: ansatz sweep --resume ${relative("", folder)}`);
  } finally {
    progress.end();
  }
  await conclude(folder, given.metric === "" ? undefined : given.metric);
}

async function conclude(folder: string, metric: string | undefined): Promise<void> {
  const manifest = await readSweepManifest(folder);
  const summary = await summarizeSweep(folder, manifest, metric);
  console.log(describeSweep(summary));
  console.log(relative("", await writeSweepPage(folder, manifest, summary)));
  if (process.exitCode === undefined && manifest.runs.some(({ state }) => state === "failed")) process.exitCode = 1;
}

/** Words of the sweep itself, and pairs of a setting's flag and its values. */
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
        `"${word}" is no setting\n  settings look like --learning-rate 1e-4,1e-3; --help lists them`,
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
  {
    random,
    randomSeed,
    backend,
    quick,
    runs,
  }: {
    readonly random: number;
    readonly randomSeed: number;
    readonly backend: string;
    readonly quick: boolean;
    readonly runs: string;
  },
): Promise<string> {
  if (named === undefined)
    throw new UsageError(
      "sweep needs the name of an experiment\n  ansatz sweep NAME --learning-rate 1e-4,1e-3 --seed 1..3",
    );
  const { name, experiment } = await findExperiment(named);
  const axes = others.map(([flag, text]) => parseAxis(experiment.settings, flag, text));
  const twice = axes.find((axis, i) => axes.some((other, j) => j < i && other.name === axis.name));
  if (twice !== undefined)
    throw new UsageError(`--${flagOf(twice.name)} is given twice\n  list all of its values in one: a,b,c`);
  const points = random > 0 ? drawsOf(axes, random, randomSeed) : gridOf(axes);
  if (points.length < 2)
    throw new RunError(
      `a sweep of one run is a run\n  ansatz run ${named} starts it; give a setting several values for a sweep`,
    );
  const words = [...(backend === "" ? [] : [`--backend=${backend}`]), ...(quick ? ["--quick"] : [])];
  return createSweep(runs, {
    experiment: named,
    name,
    words,
    axes,
    runs: points.map((settings, i) => ({ folder: (i + 1).toString(), settings, state: "waiting" })),
  });
}
