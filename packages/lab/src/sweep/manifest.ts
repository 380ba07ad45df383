import { join } from "node:path";
import { runOptions } from "../experiment/run-options.ts";
import { RunError, readJson, writeJson } from "../run-folder.ts";
import { flagOf } from "../settings.ts";
import type { Axis } from "./axes.ts";
import type { SweepPoint } from "./plan.ts";

/** One run of a sweep. */
export interface SweepRun {
  /** Its folder, within the sweep's. */
  readonly folder: string;
  readonly settings: SweepPoint;
  state: "waiting" | "running" | "ended" | "failed";
  /** The message with which it failed. */
  error?: string;
}

/** `sweep.json`: the runs of a sweep and their states. It is written again at each change. */
export interface SweepManifest {
  readonly version: 1;
  /** The name or path of the experiment, as it was given. */
  readonly experiment: string;
  readonly name: string;
  /** The options of each run besides its settings, e.g. `--backend cpu`. */
  readonly words: readonly string[];
  /** How many runs at the same time, and how many threads each; 0 threads divide the machine's. */
  readonly workers?: number;
  readonly threads?: number;
  readonly axes: readonly Axis[];
  readonly runs: readonly SweepRun[];
}

const file = "sweep.json";

/** Writes the manifest: whole, or not at all. @throws WriteError */
export function writeSweepManifest(folder: string, manifest: SweepManifest): Promise<void> {
  return writeJson(folder, file, manifest);
}

/** @throws RunError if the folder isn't that of a sweep, or if its runs are not as `ansatz sweep` writes them */
export async function readSweepManifest(folder: string): Promise<SweepManifest> {
  const manifest = (await readJson(folder, file)) as Partial<SweepManifest> | null;
  if (
    manifest?.version !== 1 ||
    typeof manifest.experiment !== "string" ||
    typeof manifest.name !== "string" ||
    !Array.isArray(manifest.runs) ||
    !Array.isArray(manifest.axes) ||
    !Array.isArray(manifest.words) ||
    !isCount(manifest.workers ?? 1, 1) ||
    !isCount(manifest.threads ?? 0, 0)
  ) {
    throw new RunError(
      `${folder} holds no sweep that this version can resume\n` +
        "  name the folder that the sweep printed, or start a new one",
    );
  }
  for (const run of manifest.runs as readonly Partial<SweepRun>[]) checkRun(folder, run);
  return manifest as SweepManifest;
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** What a setting can be called: a name with anything else, such as `=`, would be read as another option. */
const settingName = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

/** Somebody else may have written the file: a run stays in the sweep's folder, and has settings only. */
function checkRun(folder: string, { folder: own, settings }: Partial<SweepRun>): void {
  const what =
    typeof own !== "string" || !/^\d+$/.test(own)
      ? `a run in the folder ${JSON.stringify(own)}, which isn't a number`
      : typeof settings !== "object" || settings === null
        ? `run ${own} without settings`
        : Object.entries(settings)
            .map(([name, value]) => problemOf(name, value))
            .flatMap((problem) => (problem === undefined ? [] : [`run ${own} with ${problem}`]))[0];
  if (what !== undefined)
    throw new RunError(`${join(folder, file)} has ${what}\n  restore it from a copy, or start a new sweep`);
}

/** Why a name with a value isn't a setting. */
function problemOf(name: string, value: unknown): string | undefined {
  if (!settingName.test(name)) return `the setting ${JSON.stringify(name)}, which cannot be a setting's name`;
  if (Object.keys(runOptions).some((known) => flagOf(known) === flagOf(name)))
    return `the option --${flagOf(name)}, which isn't a setting`;
  return ["string", "number", "boolean"].includes(typeof value)
    ? undefined
    : `the setting ${name}, which is neither a string nor a number nor a boolean`;
}
