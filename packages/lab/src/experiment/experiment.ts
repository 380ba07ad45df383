import { ArgumentError, type Communicator, type RandomStream, type Tensor } from "@ansatz/core";
import type { Interrupt } from "../interrupt.ts";
import { flagOf, type Setting, type SettingsDefinition, type SettingValue, type ValueOf } from "../settings.ts";
import { checkClaim, type Claim, type Result } from "./claim.ts";
import { seedSetting, runOptions } from "./run-options.ts";
import type { Steps } from "./training-loop.ts";
import type { FigurePlot } from "../reproduce/figure-plots.ts";
import { checkTuning, type Tuning } from "../reproduce/tuning.ts";

const experimentMark = Symbol.for("ansatz.experiment");

/** Settings as an experiment writes them: plain defaults, or defaults with a description, a range or choices. */
export type SettingsShape = Readonly<Record<string, SettingValue | Setting>>;

/** The values of settings, typed by their choices or their defaults. */
export type ValuesOf<S extends SettingsShape> = { readonly [Name in keyof S]: ValueOf<S[Name]> };

/** What the lab passes to a run. */
export interface RunContext<Values> {
  /** The settings of this run, the seed among them. */
  readonly settings: Values & { readonly seed: number };
  /** A stream of random keys that depends on the seed alone. Every checkpoint saves its position. */
  readonly random: RandomStream;
  /** The run's folder, where it may write files of its own. */
  readonly folder: string;
  /**
   * The steps of the training loop. It saves checkpoints, resumes an interrupted run, shows the progress and stops on
   * Ctrl-C.
   */
  readonly steps: Steps;
  /**
   * The labels as they are; `ansatz check` shuffles them. Pass all labels through it where they enter, those of the
   * validation, too: its control then shows whether the model sees them.
   */
  labels(labels: Tensor): Tensor;
  /** Realizes the given tensors, which executes the step, and writes a line of metrics. */
  log(metrics: Readonly<Record<string, number | Tensor>>): Promise<void>;
  /** Records a text that the model wrote. */
  sample(text: string): void;
  /** Prints a line to the terminal and to the run's log. */
  print(text: string): void;
  /** For work outside the loop: `check()` stops the run there after Ctrl-C. */
  readonly interrupt: Pick<Interrupt, "check" | "requested">;
  /**
   * The processes of `--parallel`, for `shareOfRank`, `meanOverRanks` and `evaluation`; otherwise this one, `alone`.
   * Their random streams are the same, except those in the modules that `steps` is given.
   */
  readonly communicator: Communicator;
}

/** A sweep over the values of one of the settings. */
type TuningOf<S extends SettingsShape, R extends Result> = {
  [Name in keyof S & string]: Tuning<Name, ValueOf<S[Name]>, keyof R & string>;
}[keyof S & string];

export interface ExperimentDefinition<S extends SettingsShape, R extends Result> {
  /** The question that the experiment asks, in one sentence. */
  readonly question: string;
  /** The paper that makes the claim. */
  readonly paper?: string;
  readonly settings: S;
  /** The backend that it needs, such as "cpu" for float64. Default: the fastest that is installed. */
  readonly backend?: string;
  /** What one step means if it is not an optimizer update, e.g. "layer"; it labels the plot's axis. */
  readonly step?: string;
  /** Settings with which it runs in seconds, to check that it works at all. */
  readonly quick?: Partial<ValuesOf<S>>;
  /** Settings to compare against, by name. */
  readonly baselines?: Readonly<Record<string, Partial<ValuesOf<S>>>>;
  /** What results call the experiment itself beside its baselines. Default: its value of what most of these change. */
  readonly variant?: string;
  /**
   * A setting that is tuned before the claims are checked, for the experiment and each baseline by the same sweep on a
   * seed of its own. Default: none.
   */
  readonly tune?: TuningOf<S, R>;
  /** What `results.svg` shows besides the curves: figures against a setting, or against another figure. */
  readonly figures?: readonly FigurePlot<(keyof S | keyof R) & string, keyof R & string>[];
  /** A setting, such as the task, for each value of which `results.svg` has plots of its own. */
  readonly plotsBy?: keyof S & string;
  /** The number of seeds over which its claims are checked: 3 or more. Default: 3. */
  readonly seeds?: number;
  /** Whether a loss may be NaN, because the question is about divergence. Else a run ends there with an error. */
  readonly allowNaN?: boolean;
  /** Whether a run divides its batches among the processes of its `communicator`, for `--parallel`. Default: no. */
  readonly dividesBatches?: boolean;
  /** One run: from settings to figures. */
  run(context: RunContext<ValuesOf<S>>): Promise<R>;
  /** What it claims about the figures. */
  readonly claims?: readonly Claim<R>[];
}

/** An experiment as the lab runs it: see `experiment`. */
export interface Experiment<R extends Result = Result> {
  readonly [experimentMark]: true;
  readonly spec: 1;
  readonly question: string;
  readonly paper: string | undefined;
  /** Its own settings and the seed. */
  readonly settings: SettingsDefinition;
  readonly backend: string | undefined;
  readonly step: string | undefined;
  readonly variant: string | undefined;
  readonly quick: Readonly<Record<string, SettingValue>>;
  readonly baselines: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>;
  readonly tune: Tuning | undefined;
  readonly figures: readonly FigurePlot[];
  readonly plotsBy: string | undefined;
  readonly seeds: number;
  readonly allowNaN: boolean;
  readonly dividesBatches: boolean;
  readonly claims: readonly Claim[];
  run(context: RunContext<Readonly<Record<string, SettingValue>>>): Promise<R>;
}

/**
 * An experiment: a question, its settings, a run that answers with figures, and claims about those figures.
 *
 * The seed is a setting of every experiment. `runExperiment` and `ansatz run` run it once; `ansatz reproduce` runs it
 * over several seeds.
 *
 * @throws ArgumentError for a setting whose name the lab uses itself, for quick or baseline settings that do not exist,
 * for a baseline whose name cannot be that of a folder, for too few seeds, for a tuning that cannot choose, and for a
 * claim without a bound
 * @example const run = async ({ settings: { n } }: { settings: { n: number } }) => ({ difference: 1 + 3 + 5 - n * n });
 * experiment({ question: "Do the first n odd numbers sum to n²?", settings: { n: 3 }, run }).settings.n?.default // 3
 */
export function experiment<const S extends SettingsShape, R extends Result>(
  definition: ExperimentDefinition<S, R>,
): Experiment<R> {
  const { question, paper, backend, step, variant, quick = {}, baselines = {}, tune, run } = definition;
  const { figures = [], plotsBy, seeds = 3, allowNaN = false, dividesBatches = false, claims = [] } = definition;
  const own = Object.fromEntries(
    Object.entries(definition.settings).map(([name, given]) => [
      name,
      typeof given === "object" ? given : { default: given, description: "" },
    ]),
  );
  const settings = { ...own, seed: seedSetting };
  for (const name of Object.keys(definition.settings)) {
    if (name in runOptions || name === "seed" || name === "help")
      throw new ArgumentError(
        `experiment: "${name}" cannot be a setting, because --${flagOf(name)} is an option of the lab\n` +
          "  choose another name",
      );
  }
  const named = plotsBy === undefined ? {} : { plotsBy: { [plotsBy]: "" } };
  for (const [where, values] of Object.entries({ quick, ...baselines, ...named })) {
    const unknown = Object.keys(values as object).find((name) => !(name in settings));
    if (unknown !== undefined)
      throw new ArgumentError(
        `experiment: "${where}" sets "${unknown}", which isn't a setting\n` +
          `  the settings are ${Object.keys(settings).join(", ")}`,
      );
  }
  const nested = Object.keys(baselines).find((name) => /[/\\]/.test(name));
  if (nested !== undefined)
    throw new ArgumentError(
      `experiment: the baseline "${nested}" has a slash in its name, which is that of a folder\n  choose another name`,
    );
  if (!Number.isInteger(seeds) || seeds < 3)
    throw new ArgumentError(`experiment: ${seeds} seeds are too few to judge a claim\n  use 3 or more`);
  for (const claim of claims) checkClaim(claim);
  if (tune !== undefined) checkTuning(tune as Tuning, own, baselines as Experiment["baselines"]);
  return {
    [experimentMark]: true,
    spec: 1,
    question,
    paper,
    settings,
    backend,
    step,
    variant,
    quick: quick as Experiment["quick"],
    baselines: baselines as Experiment["baselines"],
    tune: tune as Tuning | undefined,
    figures,
    plotsBy,
    seeds,
    allowNaN,
    dividesBatches,
    claims: claims as readonly Claim<never>[] as readonly Claim[],
    run: run as Experiment<R>["run"],
  };
}

/** Whether a value is an experiment, even one from another copy of the lab. */
export function isExperiment(value: unknown): value is Experiment {
  return typeof value === "object" && value !== null && experimentMark in value;
}
