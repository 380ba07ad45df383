import { RunError, readJson, writeJson } from "../run-folder.ts";
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
  readonly axes: readonly Axis[];
  readonly runs: readonly SweepRun[];
}

const file = "sweep.json";

/** Writes the manifest: whole, or not at all. @throws WriteError */
export function writeSweepManifest(folder: string, manifest: SweepManifest): Promise<void> {
  return writeJson(folder, file, manifest);
}

/** @throws RunError if the folder isn't that of a sweep */
export async function readSweepManifest(folder: string): Promise<SweepManifest> {
  const manifest = (await readJson(folder, file)) as Partial<SweepManifest> | null;
  if (
    manifest?.version !== 1 ||
    typeof manifest.experiment !== "string" ||
    typeof manifest.name !== "string" ||
    !Array.isArray(manifest.runs) ||
    !Array.isArray(manifest.axes) ||
    !Array.isArray(manifest.words)
  ) {
    throw new RunError(
      `${folder} holds no sweep that this version can resume\n` +
        "  name the folder that the sweep printed, or start a new one",
    );
  }
  return manifest as SweepManifest;
}
