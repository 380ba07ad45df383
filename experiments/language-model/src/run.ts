import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError } from "@ansatz/core";
import { createRunFolder, parseSettings, readJson, RunError, writeJson } from "@ansatz/lab";
import type { Settings } from "./language-model.ts";
import { definition } from "./settings.ts";

/** Makes the folder of a new run and writes down its settings. */
export async function createRun(settings: Settings): Promise<string> {
  const folder = await createRunFolder("runs", "language-model");
  await writeJson(folder, "settings.json", settings);
  return folder;
}

/**
 * Finds the run that is to go on, from the words after `--resume`.
 *
 * @throws ArgumentError for no folder or other words; RunError for a folder of no run, or of one that has ended
 */
export async function readRun([folder, ...others]: readonly string[]): Promise<{ readonly folder: string; readonly settings: Settings }> {
  if (folder === undefined || folder.startsWith("--")) throw new ArgumentError("--resume needs the folder of a run\n  such as --resume runs/language-model/1");
  if (others.length > 0) throw new ArgumentError(`--resume takes a folder and nothing else, but "${others.join(" ")}" follows\n  a run goes on with its own settings; start a new one for others`);
  const saved = await readJson(folder, "settings.json");
  if (typeof saved !== "object" || saved === null || Array.isArray(saved)) throw new RunError(`${join(folder, "settings.json")} holds no settings\n  is this the folder of a run?`);
  const settings = parseSettings(definition, Object.entries(saved).map(([name, value]) => `--${name}=${String(value)}`));
  if (existsSync(join(folder, "result.json"))) throw new RunError(`${folder} has ended: its result is in ${join(folder, "result.json")}\n  start a new run; delete that file to measure this one again`);
  return { folder, settings };
}

/** What the run's numbers depend on besides its settings. */
export function versions(): Readonly<Record<string, string>> {
  const manifest = new URL("../../../packages/core/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { node: process.version, platform: `${process.platform}-${process.arch}`, core: version };
}
