import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError } from "@ansatz/core";
import { createRunFolder, readJson, writeJson } from "../run-folder.ts";
import { defaultsOf, type SettingValue } from "../settings.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { FoundExperiment } from "../experiment/find-experiment.ts";
import type { Provenance } from "../experiment/provenance.ts";
import { showValue } from "../view/format.ts";
import { grouped } from "../view/grouped.ts";
import type { Tuning } from "./tuning.ts";

/** One run of a reproduction. */
export interface PlannedRun {
  /** The name of the baseline, or "main" for the experiment itself. */
  readonly variant: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/**
 * How pages and pictures call a variant. The experiment itself has the name that it gives its variant, or else that of
 * what sets it apart: its own value of the setting that most baselines change.
 */
export function titleOf(variant: string, { name, experiment }: Pick<FoundExperiment, "name" | "experiment">): string {
  if (variant !== "main") return variant;
  const changed = grouped(Object.values(experiment.baselines).flatMap(Object.keys), (setting) => setting);
  const [most] = [...changed].toSorted(([, a], [, b]) => b.length - a.length);
  return experiment.variant ?? (most ? `${most[0]} ${showValue(experiment.settings[most[0]]?.default)}` : name);
}

/**
 * All runs that an experiment's claims need: for each seed, from the first one on, the experiment itself and every
 * baseline.
 *
 * @throws ArgumentError for a baseline with the name "main", and for a first seed that is no whole number, 1 or more
 */
export function planRuns(
  experiment: Experiment,
  { quick = false, firstSeed = 1 }: { readonly quick?: boolean; readonly firstSeed?: number } = {},
): PlannedRun[] {
  if ("main" in experiment.baselines)
    throw new ArgumentError(
      'reproduce: a baseline is called "main", which stands for the experiment itself\n  choose another name',
    );
  if (!Number.isSafeInteger(firstSeed) || firstSeed < 1 || !Number.isSafeInteger(firstSeed + experiment.seeds))
    throw new ArgumentError(
      `reproduce: the first seed is ${firstSeed}\n  use a whole number, 1 or more; seed 0 is that of tuning`,
    );
  // Quick is quick in everything: its settings win over a baseline's, and one seed shows that every run works.
  return Array.from({ length: quick ? 1 : experiment.seeds }, (_, i) => firstSeed + i).flatMap((seed) =>
    Object.entries({ main: {}, ...experiment.baselines }).map(([variant, settings]) => ({
      variant,
      seed,
      settings: { ...settings, ...(quick ? experiment.quick : {}), seed },
    })),
  );
}

/**
 * The folder of a reproduction: the latest with the same runs, the same tuning and the same code. If there is none, or
 * `fresh` is set, it is a new one.
 */
export async function reproductionFolder(
  found: FoundExperiment,
  plan: readonly PlannedRun[],
  code: Provenance,
  { runs, fresh, tune }: { readonly runs: string; readonly fresh: boolean; readonly tune: Tuning | undefined },
): Promise<string> {
  const digest = createHash("sha256")
    .update(JSON.stringify([plan, defaultsOf(found.experiment.settings), tune, code]))
    .digest("hex");
  const name = join(found.name, "reproduce");
  if (!fresh) {
    for (const folder of numbered(join(runs, name))) {
      const saved = existsSync(join(folder, "reproduction.json"))
        ? ((await readJson(folder, "reproduction.json")) as { readonly digest?: string })
        : {};
      if (saved.digest === digest) return folder;
    }
  }
  const folder = await createRunFolder(runs, name);
  await writeJson(folder, "reproduction.json", { digest, started: new Date().toISOString(), code, plan });
  return folder;
}

/** The numbered folders in a folder, the latest first. */
function numbered(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const numbers = readdirSync(folder).map(Number).filter(Number.isInteger);
  return numbers.toSorted((a, b) => b - a).map((number) => join(folder, number.toString()));
}
