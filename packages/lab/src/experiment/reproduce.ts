import { join } from "node:path";
import { writeAtomically } from "@ansatz/data";
import { MetricsLog } from "../metrics.ts";
import { readJson, writeText } from "../run-folder.ts";
import type { Result } from "./claim.ts";
import type { FoundExperiment } from "./find-experiment.ts";
import { judge, type SeedResults } from "./judge.ts";
import { provenanceOf } from "./provenance.ts";
import { planRuns, reproductionFolder } from "./reproduction.ts";
import { writeResults } from "./results-file.ts";
import { resultsPage, type MeasuredRun, type Reproduction } from "./results-page.ts";
import { runExperiment } from "./run-experiment.ts";
import type { RunRecord } from "./run-record.ts";
import { drawSeedBands } from "./seed-bands.ts";

export interface ReproduceOptions {
  /** The folder that holds the folders of runs. Default: `runs`. */
  readonly runs?: string;
  /**
   * Whether to only check, in seconds, that everything works. Claims are not judged, and nothing is written to the
   * experiment's folder.
   */
  readonly quick?: boolean;
  /** Whether to measure again even if the same code was measured before. */
  readonly fresh?: boolean;
  /** The name of the backend in use: the runs of another one are not used again. */
  readonly backend?: string;
  readonly output?: "text" | "quiet";
}

/**
 * Runs an experiment and its baselines over several seeds, checks its claims, and writes `RESULTS.md`, `results.json`
 * and `results.svg` to its folder.
 *
 * Finished runs of the same code are not repeated, so a stopped reproduction resumes where it was.
 *
 * @throws InterruptedError after Ctrl-C, and what the runs throw
 */
export async function reproduce(found: FoundExperiment, options: ReproduceOptions = {}): Promise<Reproduction> {
  const { runs = "runs", quick = false, fresh = false, backend = "", output = "text" } = options;
  const { experiment, name } = found;
  const plan = planRuns(experiment, { quick });
  const code = provenanceOf(found.folder, backend);
  const folder = await reproductionFolder(found, plan, code, { runs, fresh });
  const folderOf = (variant: string, seed: number) => join(folder, `${variant}-${seed}`);
  const results: (MeasuredRun & { readonly result: Result })[] = [];
  for (const [i, { variant, seed, settings }] of plan.entries()) {
    if (output === "text")
      console.log(
        `\n${name}: ${variant === "main" ? "" : `${variant}, `}seed ${seed} (run ${i + 1} of ${plan.length})`,
      );
    const { result } = await runExperiment(experiment, {
      name,
      settings,
      folder: folderOf(variant, seed),
      backend,
      source: found.file,
      output,
    });
    const record = (await readJson(folderOf(variant, seed), "run.json")) as RunRecord;
    results.push({ variant, seed, result, record });
  }
  const resultOf = (variant: string, seed: number) =>
    results.find((run) => run.variant === variant && run.seed === seed)!.result;
  const numbers = [...new Set(plan.map(({ seed }) => seed))];
  const seeds: SeedResults[] = numbers.map((seed) => ({
    seed,
    result: resultOf("main", seed),
    baselines: Object.fromEntries(
      Object.keys(experiment.baselines).map((baseline) => [baseline, resultOf(baseline, seed)]),
    ),
  }));
  const reproduction: Reproduction = {
    found,
    folder,
    seeds,
    verdicts: quick ? [] : judge(experiment.claims, seeds),
    runs: results,
    code,
  };
  if (quick) return reproduction;

  const curves = ["main", ...Object.keys(experiment.baselines)].map((variant) => ({
    variant: variant === "main" ? name : variant,
    runs: numbers.map((seed) => new MetricsLog(folderOf(variant, seed)).read()),
  }));
  const picture = await drawSeedBands(curves, `${name}, ${numbers.length} seeds`, experiment.step);
  await writeAtomically(join(found.folder, "results.svg"), [new TextEncoder().encode(picture)]);
  await writeResults(reproduction);
  await writeText(found.folder, "RESULTS.md", resultsPage(reproduction));
  return reproduction;
}
