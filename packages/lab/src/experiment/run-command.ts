import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { AnsatzError, use } from "@ansatz/core";
import { backendFor } from "../backends/experiment-backend.ts";
import { findBackend } from "../backends/installed.ts";
import { hasCheckpoint } from "../checkpoint.ts";
import { InterruptedError } from "../interrupt.ts";
import { createRunFolder, readJson, RunError } from "../run-folder.ts";
import { defaultsOf, describeSettings, flagOf, parseGiven, UsageError } from "../settings.ts";
import { findExperiment, type FoundExperiment } from "./find-experiment.ts";
import { readSettings, runExperiment } from "./run-experiment.ts";
import type { RunRecord } from "./run-record.ts";
import { runOptions } from "./run-options.ts";
import { typedAs } from "./typed-as.ts";

const usage = `ansatz run NAME [--SETTING VALUE …]    runs an experiment: a folder under experiments/, or a path
ansatz run --resume FOLDER             goes on where a run stopped`;

/** The words after `ansatz run`. @throws UsageError for words that make no sense, and what the run throws */
export async function runCommand(words: readonly string[]): Promise<void> {
  const named = words[0]?.startsWith("-") === false ? words[0] : undefined;
  const rest = named === undefined ? words : words.slice(1);
  const help = rest.includes("--help") || rest.includes("-h");
  if (help && named === undefined) return console.log(`${usage}\n\n${describeSettings(runOptions)}`);
  const found = await findExperiment(named ?? (await nameOfRun(rest)));
  if (help) return console.log(helpOf(found));

  const { experiment, name } = found;
  const { resume, runs, folder, backend, threads, diagnose, histograms, quick, quiet, json, ...settings } = {
    ...defaultsOf(runOptions),
    ...parseGiven({ ...experiment.settings, ...runOptions }, rest),
  };
  if (resume !== "") await checkResumed(resume, folder === "" ? settings : { folder });
  const asked = backend || (await backendOfRun(resume || folder, found));
  const { backend: chosen, reason } = await backendFor(found, { asked, ...(threads === 0 ? {} : { threads }) });
  await use(chosen);
  const place = resume || folder || (await createRunFolder(runs, name));
  const goOn = () => (hasCheckpoint(place) ? `\n  go on with: ${typedAs("run")} --resume ${relative("", place)}` : "");
  try {
    await runExperiment(experiment, {
      name,
      settings: { ...(quick ? experiment.quick : {}), ...settings },
      folder: place,
      backend: chosen.name,
      backendReason: asked === "" ? reason : undefined,
      source: found.file,
      diagnose,
      histograms,
      output: json ? "json" : quiet ? "quiet" : "text",
    });
  } catch (error) {
    if (!(error instanceof AnsatzError)) throw error;
    process.exitCode = error instanceof InterruptedError ? 130 : 1;
    if (!(error instanceof InterruptedError)) console.error(`${error.name}: ${error.message}${goOn()}`);
    else if (!json) console.log(`\n${error.message}${goOn()}`);
  }
}

/** The backend that the run in a folder began with, where it is still installed: it goes on with the same bits. */
async function backendOfRun(folder: string, { file }: FoundExperiment): Promise<string> {
  if (folder === "" || !existsSync(join(folder, "run.json"))) return "";
  const { backend = "" } = (await readJson(folder, "run.json")) as Partial<RunRecord>;
  return findBackend(backend, [file]) === undefined ? "" : backend;
}

/** The experiment of the run that is to go on. */
async function nameOfRun(words: readonly string[]): Promise<string> {
  const at = words.findIndex((word) => /^--resume(=|$)/.test(word));
  if (at < 0) throw new UsageError("run needs the name of an experiment\n  ansatz list shows them");
  const folder = words[at]!.split("=")[1] ?? words[at + 1];
  if (folder === undefined) throw new UsageError("--resume needs the folder of a run\n  such as --resume runs/NAME/1");
  const { experiment, source } = (await readJson(folder, "run.json")) as Partial<RunRecord>;
  if (source !== undefined && /\.[jt]s$/.test(source) && existsSync(source)) return source;
  if (experiment === undefined)
    throw new UsageError(
      `${folder} does not say which experiment it is a run of\n  name it: ansatz run NAME --resume ${folder}`,
    );
  return experiment;
}

async function checkResumed(folder: string, others: Readonly<Record<string, unknown>>): Promise<void> {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UsageError(
      `--resume takes a folder and no settings, but --${flagOf(other)} is given\n  a run goes on with its own settings; start a new one for others`,
    );
  await readSettings(folder); // refuses what is no run, before anything is made there
  if (existsSync(join(folder, "result.json")))
    throw new RunError(
      `${folder} has ended: its result is in ${join(folder, "result.json")}\n  start a new run; delete that file to measure this one again`,
    );
}

function helpOf({ name, experiment }: FoundExperiment): string {
  const paper = experiment.paper === undefined ? "" : `\n${experiment.paper}`;
  return `${name}: ${experiment.question}${paper}\n\n${usage}\n\nSettings\n${describeSettings(experiment.settings)}\n\nOf the run\n${describeSettings(runOptions)}`;
}
