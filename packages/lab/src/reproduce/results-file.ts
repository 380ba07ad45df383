import { existsSync } from "node:fs";
import { join } from "node:path";
import { jsonText } from "../json-lines.ts";
import { readJson, writeText } from "../run-folder.ts";
import type { Provenance } from "../experiment/provenance.ts";
import type { Reproduction } from "./results-page.ts";

const file = "results.json";

/**
 * Writes `results.json` to the experiment's folder: the code, the commit of each run, the tuning, every figure of every
 * seed, and the verdicts. Numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity".
 */
export async function writeResults({ found, code, tuning, runs, seeds, verdicts }: Reproduction): Promise<void> {
  const results = {
    version: 1,
    experiment: found.name,
    code,
    runs: runs.map(({ variant, seed, record: { started, commit, dirty } }) => ({
      variant,
      seed,
      started,
      commit,
      dirty,
    })),
    tuning,
    seeds,
    claims: verdicts.map(({ claim: { claim }, values, p, verdict, reason }) => ({ claim, values, p, verdict, reason })),
  };
  await writeText(found.folder, file, jsonText(results, 2));
}

/** The code with which the results in an experiment's folder were measured, if they say so. */
export async function measuredCode(folder: string): Promise<Provenance | undefined> {
  if (!existsSync(join(folder, file))) return undefined;
  const { version, code } = (await readJson(folder, file)) as { readonly version?: number; readonly code?: Provenance };
  return version === 1 ? code : undefined;
}

/**
 * About how long a reproduction takes, from when the runs of the last one began, without the pauses between them;
 * undefined if the folder does not tell.
 */
export async function usualMilliseconds(folder: string): Promise<number | undefined> {
  if (!existsSync(join(folder, file))) return undefined;
  const { runs, tuning } = (await readJson(folder, file)) as {
    readonly runs: readonly { readonly started: string }[];
    readonly tuning?: { readonly variants: readonly { readonly figures: readonly number[] }[] };
  };
  const began = runs.map(({ started }) => Date.parse(started));
  const between = began.slice(1).map((time, i) => time - began[i]!);
  const longest = 10 * (between.toSorted((a, b) => a - b)[Math.floor(between.length / 2)] ?? 0);
  const uninterrupted = between.filter((milliseconds) => milliseconds <= longest);
  if (uninterrupted.length === 0) return undefined;
  const tuned = tuning?.variants.reduce((count, { figures }) => count + figures.length, 0) ?? 0;
  return (uninterrupted.reduce((a, b) => a + b) / uninterrupted.length) * (runs.length + tuned);
}
