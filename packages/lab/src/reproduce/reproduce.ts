import { existsSync } from "node:fs";
import { join } from "node:path";
import { MetricsLog } from "../metrics.ts";
import { readJson, writeText } from "../run-folder.ts";
import { defaultsOf, type SettingValue } from "../settings.ts";
import type { Result } from "../experiment/claim.ts";
import type { FoundExperiment } from "../experiment/find-experiment.ts";
import { drawClaims } from "./claims-picture.ts";
import { figurePlots } from "./figure-plots.ts";
import { judge, type SeedResults } from "./judge.ts";
import { provenanceOf } from "../experiment/provenance.ts";
import { planRuns, reproductionFolder, titleOf } from "./reproduction.ts";
import { writeResults } from "./results-file.ts";
import { resultsPage, type MeasuredRun, type Reproduction } from "./results-page.ts";
import { runExperiment } from "../experiment/run-experiment.ts";
import type { RunRecord } from "../experiment/run-record.ts";
import { drawResults } from "./results-picture.ts";
import { TimeLeft } from "./time-left.ts";
import { tuneVariants } from "./tuning.ts";

/** The seed of tuning. The seeds that claims are judged by are 1 or more. */
const tuningSeed = 0;

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
  /** The first of the seeds. Default: 1. Other seeds decide fairly what some seeds left undecided. */
  readonly firstSeed?: number;
  /** What the backend in use was chosen by, a name or a path: the runs of another one are not used again. */
  readonly backend?: string;
  readonly output?: "text" | "quiet" | "none";
}

/**
 * Tunes an experiment and its baselines if it says how, runs them over several seeds, checks its claims, and writes
 * `RESULTS.md`, `results.json`, `results.svg` and, if it has claims, `claims.svg` to its folder.
 *
 * Finished runs of the same code are not repeated, so a stopped reproduction resumes where it was.
 *
 * @throws InterruptedError after Ctrl-C, and what the runs throw
 */
export async function reproduce(found: FoundExperiment, options: ReproduceOptions = {}): Promise<Reproduction> {
  const { runs = "runs", quick = false, fresh = false, firstSeed = 1, backend = "", output = "text" } = options;
  const { experiment, name } = found;
  const plan = planRuns(experiment, { quick, firstSeed });
  const tune = quick ? undefined : experiment.tune;
  const code = provenanceOf(found.folder, backend);
  const folder = await reproductionFolder(found, plan, code, { runs, fresh, tune });
  const folderOf = (variant: string, seed: number) => join(folder, `${variant}-${seed}`);
  const variants = ["main", ...Object.keys(experiment.baselines)];
  const count = variants.length * (tune?.values.length ?? 0) + plan.length;
  const timeLeft = new TimeLeft(Array<number>(count).fill(1));
  let number = 0;
  const run = async (title: string, at: string, settings: Readonly<Record<string, SettingValue>>) => {
    number++;
    const start = existsSync(join(at, "result.json")) ? undefined : performance.now();
    if (output === "text") console.log(`\n${name}: ${title} (run ${number} of ${count}${timeLeft.text})`);
    // A loss that is NaN is a result here: of a value that tuning rejects, or of a claim that cannot be tested.
    const options = { name, settings, folder: at, backend, source: found.file, allowNaN: true, output };
    const done = await runExperiment(experiment, options);
    timeLeft.next(start && performance.now() - start);
    return done;
  };
  const prefixOf = (variant: string) => (variant === "main" ? "" : `${variant}, `);
  const tuning =
    tune === undefined
      ? undefined
      : await tuneVariants(tune, variants, tuningSeed, async (variant, value) => {
          const settings = { ...experiment.baselines[variant], [tune.setting]: value, seed: tuningSeed };
          const at = join(folder, "tuning", `${variant}-${tune.values.indexOf(value) + 1}`);
          return (await run(`tuning, ${prefixOf(variant)}${tune.setting} ${value}`, at, settings)).result;
        });
  const chosenFor = (variant: string): Readonly<Record<string, SettingValue>> => {
    const own = tuning?.variants.find((one) => one.variant === variant);
    return own === undefined ? {} : { [tuning!.setting]: own.chosen };
  };
  const results: (MeasuredRun & { readonly result: Result })[] = [];
  for (const { variant, seed, settings } of plan) {
    const at = folderOf(variant, seed);
    const { result } = await run(`${prefixOf(variant)}seed ${seed}`, at, { ...settings, ...chosenFor(variant) });
    results.push({ variant, seed, result, record: (await readJson(at, "run.json")) as RunRecord });
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
  const verdicts = judge(experiment.claims, seeds); // in a quick reproduction, too: a claim may be wrong
  const reproduction: Reproduction = {
    found,
    folder,
    seeds,
    verdicts: quick ? [] : verdicts,
    tuning,
    runs: results,
    code,
  };
  const { step: axis, figures, plotsBy } = experiment;
  const measured = variants.map((variant) => ({
    name: titleOf(variant, found),
    settings: { ...defaultsOf(experiment.settings), ...experiment.baselines[variant] },
    results: numbers.map((seed) => resultOf(variant, seed)),
    runs: numbers.map((seed) => new MetricsLog(folderOf(variant, seed)).read()),
  }));
  const title = `${name}, ${numbers.length} ${numbers.length === 1 ? "seed" : "seeds"}`;
  figurePlots(figures, measured); // in a quick reproduction, too: one may not be there
  if (quick) return reproduction;

  await writeText(found.folder, "results.svg", await drawResults(measured, { title, axis, figures, plotsBy }));
  if (verdicts.length > 0) await writeText(found.folder, "claims.svg", await drawClaims(verdicts, title));
  await writeResults(reproduction);
  await writeText(found.folder, "RESULTS.md", resultsPage(reproduction));
  return reproduction;
}
