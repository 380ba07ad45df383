import { ArgumentError, type RandomStream, type Tensor } from "@ansatz/core";
import type { Interrupt } from "../interrupt.ts";
import { flagOf, type Setting, type SettingsDefinition, type SettingValue, type ValueOf } from "../settings.ts";
import { checkClaim, type Claim, type Result } from "./claim.ts";
import { seedSetting, runOptions } from "./run-options.ts";
import type { Steps } from "./training-loop.ts";

const experimentMark = Symbol.for("ansatz.experiment");

/** Settings as an experiment writes them: defaults, or defaults with what is known about them. */
export type SettingsShape = Readonly<Record<string, SettingValue | Setting>>;

/** The values of settings, typed by their choices or their defaults. */
export type ValuesOf<S extends SettingsShape> = { readonly [Name in keyof S]: ValueOf<S[Name]> };

/** What the lab hands to a run. */
export interface RunContext<Values> {
  /** The settings of this run, the seed among them. */
  readonly settings: Values & { readonly seed: number };
  /** Random keys that depend on the seed alone; where it stands is part of every checkpoint. */
  readonly random: RandomStream;
  /** The run's folder, for files of its own. */
  readonly folder: string;
  /**
   * The steps of the training loop: saves, goes on where an earlier run stopped, shows how far it is, and stops on
   * Ctrl-C.
   */
  readonly steps: Steps;
  /** Measures: realises the tensors, which carries out the step, and writes a line of metrics. */
  log(metrics: Readonly<Record<string, number | Tensor>>): Promise<void>;
  /** Keeps a text that the model wrote. */
  sample(text: string): void;
  /** Prints a line, on the terminal and into the run's log. */
  print(text: string): void;
  /** For work outside the loop: `check()` stops there after Ctrl-C. */
  readonly interrupt: Pick<Interrupt, "check" | "requested">;
}

export interface ExperimentDefinition<S extends SettingsShape, R extends Result> {
  /** What it asks, in one sentence. */
  readonly question: string;
  /** The paper whose claim it checks. */
  readonly paper?: string;
  readonly settings: S;
  /** The backend that it needs, such as "cpu" for float64; the fastest that is installed unless given. */
  readonly backend?: string;
  /** What a step is where it is no update, such as "layer"; the picture's axis says so. */
  readonly step?: string;
  /** The settings that make it run in seconds, to see whether it works at all. */
  readonly quick?: Partial<ValuesOf<S>>;
  /** Settings to compare with, by name. */
  readonly baselines?: Readonly<Record<string, Partial<ValuesOf<S>>>>;
  /** Over how many seeds its claims are checked: 3 or more, 3 unless given. */
  readonly seeds?: number;
  /** One run, from settings to figures. */
  run(context: RunContext<ValuesOf<S>>): Promise<R>;
  /** What it says about the figures. */
  readonly claims?: readonly Claim<R>[];
}

/** A question on one screen: see `experiment`. */
export interface Experiment<R extends Result = Result> {
  readonly [experimentMark]: true;
  readonly spec: 1;
  readonly question: string;
  readonly paper: string | undefined;
  /** Its settings, and the seed. */
  readonly settings: SettingsDefinition;
  readonly backend: string | undefined;
  readonly step: string | undefined;
  readonly quick: Readonly<Record<string, SettingValue>>;
  readonly baselines: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>;
  readonly seeds: number;
  readonly claims: readonly Claim[];
  run(context: RunContext<Readonly<Record<string, SettingValue>>>): Promise<R>;
}

/**
 * An experiment: a question, its settings, and a run that answers it with figures, about which it makes claims.
 *
 * The seed is a setting of every experiment. `runExperiment` and `ansatz run` run it once, `ansatz reproduce` over
 * several seeds.
 *
 * @throws ArgumentError for a setting that the lab itself has, quick or baseline settings that do not exist, too few
 * seeds, or a claim without a bound
 * @example experiment({ question: "Is the sum of the first n odd numbers n²?", settings: { n: 3 }, run: async ({ settings: { n } }) => ({ difference: 1 + 3 + 5 - n * n }) }).settings.n?.default  // 3
 */
export function experiment<const S extends SettingsShape, R extends Result>(
  definition: ExperimentDefinition<S, R>,
): Experiment<R> {
  const { question, paper, backend, step, quick = {}, baselines = {}, seeds = 3, claims = [], run } = definition;
  const settings = {
    ...Object.fromEntries(
      Object.entries(definition.settings).map(([name, given]) => [
        name,
        typeof given === "object" ? given : { default: given, description: "" },
      ]),
    ),
    seed: seedSetting,
  };
  for (const name of Object.keys(definition.settings)) {
    if (name in runOptions || name === "seed" || name === "help")
      throw new ArgumentError(
        `experiment: "${name}" cannot be a setting, because --${flagOf(name)} says something to the lab\n  choose another name`,
      );
  }
  for (const [where, values] of Object.entries({ quick, ...baselines })) {
    const unknown = Object.keys(values as object).find((name) => !(name in settings));
    if (unknown !== undefined)
      throw new ArgumentError(
        `experiment: "${where}" sets "${unknown}", which is no setting\n  the settings are ${Object.keys(settings).join(", ")}`,
      );
  }
  if (!Number.isInteger(seeds) || seeds < 3)
    throw new ArgumentError(`experiment: ${seeds} seeds say too little about chance\n  use 3 or more`);
  for (const claim of claims) checkClaim(claim);
  return {
    [experimentMark]: true,
    spec: 1,
    question,
    paper,
    settings,
    backend,
    step,
    quick: quick as Experiment["quick"],
    baselines: baselines as Experiment["baselines"],
    seeds,
    claims: claims as readonly Claim<never>[] as readonly Claim[],
    run: run as Experiment<R>["run"],
  };
}

/** Whether a value is an experiment, of whichever copy of the lab. */
export function isExperiment(value: unknown): value is Experiment {
  return typeof value === "object" && value !== null && experimentMark in value;
}
