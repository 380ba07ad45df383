import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { runFiles } from "./recorded-run.ts";

/** The greatest depth below the root at which a run's folder is found: `runs/EXPERIMENT/sweep/1/12` is at four. */
const deepest = 4;

/** The folders of all runs at or below a folder, ordered by name and number. Links are not followed. */
export async function findRuns(root: string, depth = 0): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  if (entries.some((entry) => entry.isFile() && runFiles.includes(entry.name))) return [root];
  if (depth === deepest) return [];
  const folders = entries
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map(({ name }) => name);
  const found = await Promise.all(
    folders.toSorted(byNameAndNumber).map((name) => findRuns(join(root, name), depth + 1)),
  );
  return found.flat();
}

/** Compares names so that 10 comes after 9. */
export const byNameAndNumber: (a: string, b: string) => number = new Intl.Collator("en", { numeric: true }).compare;
