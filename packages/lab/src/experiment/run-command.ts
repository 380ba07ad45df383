import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AnsatzError, use } from "@ansatz/core";
import { WriteError } from "@ansatz/data";
import { backendFor } from "../backends/experiment-backend.ts";
import { findBackend, isPackageName } from "../backends/installed.ts";
import { hasCheckpoint } from "../checkpoint.ts";
import { helpText } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { InterruptedError } from "../interrupt.ts";
import { checkDivides } from "../parallel/check-divides.ts";
import { connect, type Connected } from "../parallel/connect.ts";
import { Ranks } from "../parallel/ranks.ts";
import { createRunFolder, readJson, RunError } from "../run-folder.ts";
import { defaultsOf, flagOf, parseGiven, splitOnce, UsageError, type SettingValue } from "../settings.ts";
import { findExperiment, locateExperiment, type FoundExperiment } from "./find-experiment.ts";
import { parseBudget, wasCutShort } from "./budget.ts";
import { readSettings, runExperiment } from "./run-experiment.ts";
import type { RunRecord } from "./run-record.ts";
import { runOptions } from "./run-options.ts";
import { checkTrust, isOwn } from "./trust.ts";

export const usage = {
  usage: `ansatz run NAME [--SETTING VALUE …]    run an experiment: a folder under experiments/, or a path
ansatz run --resume FOLDER             resume a run that was stopped
ansatz run --resume FOLDER --steps N   prolong a run, even one that has ended
mpirun -np N ansatz run NAME --parallel    divide each batch among N processes`,
  options: runOptions,
  names: { what: "the experiment", least: 0, most: 1 },
  settings: true,
} as const;

/** Runs `ansatz run` with these words. @throws UsageError for words that it cannot read, and what the run throws */
export async function run(words: readonly string[]): Promise<void> {
  const asked = words.some((word, i) => /^--parallel(=true)?$/.test(word) && words[i + 1] !== "false");
  if (!asked || asksForHelp(words)) return runWith(words);
  const [named, rest] = namedFirst(words);
  const connected = await connect([typedAs("run", named === undefined ? [] : [named]), ...rest].join(" "));
  const { rank, size } = connected.communicator;
  if (rank === 0) return runWith(words, connected);
  try {
    await runWith(words, connected);
  } catch (error) {
    if (error instanceof InterruptedError) return; // rank 0 says so
    await sleep(1_000); // if rank 0 met the same, it has said so by then, and ended all
    (error as Error).message = `in rank ${rank} of ${size}: ${(error as Error).message}`;
    throw error;
  }
}

/** The name of the experiment, if the words begin with one, and the others. */
function namedFirst(words: readonly string[]): readonly [string | undefined, readonly string[]] {
  return words[0]?.startsWith("-") === false ? [words[0], words.slice(1)] : [undefined, words];
}

function asksForHelp(words: readonly string[]): boolean {
  return words.includes("--help") || words.includes("-h");
}

async function runWith(words: readonly string[], connected?: Connected): Promise<void> {
  const ranks = new Ranks(connected?.communicator);
  const [named, rest] = namedFirst(words);
  const help = asksForHelp(rest);
  if (help && named === undefined) return console.log(helpText(usage));
  const found = await findExperiment(named ?? (await experimentOfRun(rest)));
  if (help) return console.log(helpText(usage, found));

  const { experiment, name } = found;
  const given = parseGiven({ ...experiment.settings, ...runOptions }, rest);
  const { resume, trust, changedSource, from, fromParts, runs, folder, backend, threads, parallel, ...others } = {
    ...defaultsOf(runOptions),
    ...given,
  };
  const { checkpoint, keep, keepBest, stopAt, diagnose, histograms, budget, quick, quiet, json, ...settings } = others;
  const seconds = budget === "" ? undefined : parseBudget(budget);
  if (trust && (resume === "" || named !== undefined))
    throw new UsageError(
      "--trust is for an experiment that only the folder of --resume names\n  leave it out: you name the experiment",
    );
  if (from === "" && "fromParts" in given)
    throw new UsageError("--from-parts needs --from, which names the run to take them from\n  add --from FOLDER");
  if (checkpoint > 0 && resume === "" && from === "")
    throw new UsageError(
      "--checkpoint needs --resume or --from, which names the run to take it from\n  add --resume FOLDER",
    );
  if (parallel) checkDivides(experiment, name);
  const { steps, ...kept } = settings as Readonly<Record<string, SettingValue | undefined>>;
  if (resume !== "" && ranks.leads)
    await checkResumed(
      resume,
      folder !== "" ? { folder } : from !== "" ? { from } : { ...kept, ...(quick && { quick }) },
      steps,
    );
  const choose = (asked: string) => backendFor(found, { asked, threads: threads || (connected?.threads ?? 0) });
  const asked = backend || (ranks.leads ? await backendOfRun(resume || folder, found) : "");
  const led = ranks.leads ? await choose(asked) : undefined;
  const ledName = await ranks.share(led?.name ?? "");
  const { backend: chosen, reason } = led ?? (await choose(ledName));
  await use(chosen);
  const place = resume || folder || (ranks.leads ? await createRunFolder(runs, name) : "");
  const own = isOwn(found.file);
  const names = own || named === undefined ? [] : [named, name];
  const resumeWith =
    `  resume with: ${parallel ? `mpirun -np ${ranks.size} ` : ""}${typedAs("run", names)} ` +
    `--resume ${relative("", place)}${own || named !== undefined ? "" : " --trust"}${parallel ? " --parallel" : ""}`;
  // Resuming helps after Ctrl-C and after a lack of space; after other errors it would meet the same again.
  const mend = (error: AnsatzError) =>
    (error instanceof InterruptedError || error instanceof WriteError) && hasCheckpoint(place) ? `\n${resumeWith}` : "";
  try {
    const { end } = await runExperiment(experiment, {
      name,
      settings: resume !== "" ? {} : { ...(quick ? experiment.quick : {}), ...settings },
      ...(resume !== "" && steps !== undefined && { steps: steps as number }),
      ...(resume !== "" && checkpoint > 0 && { checkpoint }),
      keep,
      keepBest,
      stopAt,
      folder: place,
      backend: chosen.name,
      backendReason: asked === "" ? reason : undefined,
      source: found.file,
      changedSource,
      diagnose,
      histograms,
      ...(seconds !== undefined && { budget: seconds }),
      ...(from !== "" && {
        from: {
          folder: from,
          parts: fromParts.split(",").map((name) => name.trim()),
          ...(checkpoint > 0 && { step: checkpoint }),
        },
      }),
      output: json ? "json" : quiet ? "quiet" : "text",
      communicator: ranks.communicator,
    });
    if (end === "budget spent" && !json && !quiet) console.log(`\n${resumeWith}`);
  } catch (error) {
    if (!(error instanceof AnsatzError) || !ranks.leads) throw error;
    process.exitCode = error instanceof InterruptedError ? 130 : 1;
    if (!(error instanceof InterruptedError)) console.error(`${error.name}: ${error.message}${mend(error)}`);
    else if (!json) console.log(`\n${error.message}${mend(error)}`);
  }
}

/**
 * The backend with which the run in a folder began, if it is still installed: the run then resumes bit for bit. A path
 * is not taken from there, because importing it would run a file that the folder names.
 */
async function backendOfRun(folder: string, { file }: FoundExperiment): Promise<string> {
  if (folder === "" || !existsSync(join(folder, "run.json"))) return "";
  const { backend } = (await readJson(folder, "run.json")) as Partial<Record<keyof RunRecord, unknown>>;
  return isPackageName(backend) && findBackend(backend, [file]) !== undefined ? backend : "";
}

/** The file of the experiment of the run that is to be resumed. @throws RunError if it is somebody else's */
async function experimentOfRun(words: readonly string[]): Promise<string> {
  const at = words.findIndex((word) => /^--resume(=|$)/.test(word));
  if (at < 0) throw new UsageError(`run needs the name of an experiment\n  ${typedAs("list")} shows them`);
  const folder = splitOnce(words[at]!, "=")[1] ?? words[at + 1];
  if (folder === undefined) throw new UsageError("--resume needs the folder of a run\n  such as --resume runs/NAME/1");
  const { experiment, source } = (await readJson(folder, "run.json")) as Partial<Record<keyof RunRecord, unknown>>;
  const known = typeof source === "string" && /\.[jt]s$/.test(source) && existsSync(source);
  if (!known && typeof experiment !== "string")
    throw new UsageError(
      `${folder} does not name its experiment\n  name it yourself: ${typedAs("run")} NAME --resume ${folder}`,
    );
  const file = locateExperiment(known ? source : (experiment as string));
  if (!words.some((word) => /^--trust(=true)?$/.test(word)))
    checkTrust(file, folder, `add --trust, or name it yourself: ${typedAs("run")} NAME --resume ${folder}`);
  return file;
}

async function checkResumed(
  folder: string,
  others: Readonly<Record<string, unknown>>,
  steps: SettingValue | undefined,
): Promise<void> {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UsageError(
      `--resume takes a folder and --steps, but --${flagOf(other)} is given\n` +
        "  a run keeps its other settings; start a new run for others",
    );
  await readSettings(folder); // throws before anything is created in a folder that isn't a run's
  if (steps === undefined && existsSync(join(folder, "result.json")) && !(await wasCutShort(folder)))
    throw new RunError(
      `${folder} has ended: its result is in ${join(folder, "result.json")}\n` +
        "  start a new run, or prolong this one: --steps N",
    );
}
