import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { readJson, RunError, writeJson } from "../run-folder.ts";
import { sourcesOf } from "./provenance.ts";

/** The hash of each file of source with which a run began or was last resumed. */
const file = "source.json";
/** The greatest number of files that a message names. */
const mostNamed = 5;

/**
 * Records the source of a run that begins. A run that was started from code, without an experiment's file, has none.
 */
export async function recordSource(folder: string, source: string, backend: string): Promise<void> {
  if (statSync(source).isFile()) await writeJson(folder, file, sourcesOf(source, backend));
}

/**
 * The files of source that have changed since a run was last started. If `allowed`, they are recorded anew.
 *
 * @throws RunError for any that has changed, unless it is allowed
 */
export async function changedSource(
  folder: string,
  { source, backend, allowed }: { readonly source: string; readonly backend: string; readonly allowed: boolean },
): Promise<string[]> {
  if (!existsSync(join(folder, file)) || !statSync(source).isFile()) return [];
  const before = (await readJson(folder, file)) as Readonly<Record<string, string>>;
  const now = sourcesOf(source, backend);
  const changed = Object.keys({ ...before, ...now }).filter((path) => before[path] !== now[path]);
  if (changed.length === 0) return [];
  if (!allowed) {
    const more = changed.length > mostNamed ? ` and ${changed.length - mostNamed} more` : "";
    throw new RunError(
      `the source has changed since the run in ${folder} began: ${changed.slice(0, mostNamed).join(", ")}${more}\n` +
        "  restore it, start a new run, or resume with the new source: --changed-source",
    );
  }
  await writeJson(folder, file, now);
  return changed;
}
