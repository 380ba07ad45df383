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
