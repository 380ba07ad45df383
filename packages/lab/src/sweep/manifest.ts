import { join } from "node:path";
import { runOptions } from "../experiment/run-options.ts";
import { RunError, readJson, writeJson } from "../run-folder.ts";
import { flagOf } from "../settings.ts";
import type { Axis } from "./axes.ts";
import type { SweepPoint } from "./plan.ts";
import { checkSearch, type SweepSearch } from "./search-plan.ts";

/** One run of a sweep. */
export interface SweepRun {
  /** Its folder, within the sweep's. */
  readonly folder: string;
  readonly settings: SweepPoint;
  /** `paused`: its search has stopped it early, and may let it go on. */
  state: "waiting" | "running" | "paused" | "ended" | "failed";
  /** The message with which it failed. */
  error?: string;
  /** The share of its steps that it is to reach. Default: 1, its end. */
  share?: number;
  /** In a search: the figure after each share that it reached; null if it was not finite. */
  measured?: { readonly share: number; readonly value: number | null }[];
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
  /** The search that chooses the runs by the results of others; without one, all runs are known from the start. */
  readonly search?: SweepSearch;
  readonly runs: SweepRun[];
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
  if (manifest.search !== undefined) checkSavedSearch(folder, manifest as SweepManifest);
  return manifest as SweepManifest;
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** What a setting can be called: a name with anything else, such as `=`, would be read as another option. */
const settingName = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

/** Somebody else may have written the file: a run stays in the sweep's folder, and has settings only. */
function checkRun(folder: string, { folder: own, settings, share = 1, measured = [] }: Partial<SweepRun>): void {
  const what =
    typeof own !== "string" || !/^\d+$/.test(own)
      ? `a run in the folder ${JSON.stringify(own)}, which isn't a number`
      : typeof settings !== "object" || settings === null
        ? `run ${own} without settings`
        : !isShare(share) || !Array.isArray(measured) || !measured.every((one) => isShare(one?.share))
          ? `run ${own} with a share of its steps that isn't between 0 and 1`
          : Object.entries(settings)
              .map(([name, value]) => problemOf(name, value))
              .flatMap((problem) => (problem === undefined ? [] : [`run ${own} with ${problem}`]))[0];
  if (what !== undefined)
    throw new RunError(`${join(folder, file)} has ${what}\n  restore it from a copy, or start a new sweep`);
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value <= 1;
}

/** The settings of a search that the file names become those of runs: they are checked in the same way. */
function checkSavedSearch(folder: string, { search, axes }: SweepManifest): void {
  const problem = axes
    .flatMap((axis) => ("values" in axis ? axis.values : [axis.low]).map((value) => problemOf(axis.name, value)))
    .find((one) => one !== undefined);
  try {
    if (problem !== undefined) throw new RunError(problem);
    if (typeof search !== "object" || typeof search.metric !== "string") throw new RunError("no metric");
    checkSearch(search, axes);
  } catch (error) {
    throw new RunError(
      `${join(folder, file)} has a search that cannot be resumed: ${(error as Error).message.split("\n")[0]}\n` +
        "  restore it from a copy, or start a new sweep",
    );
  }
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
