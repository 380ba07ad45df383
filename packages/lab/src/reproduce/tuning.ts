import { ArgumentError } from "@ansatz/core";
import { checkSettings, UsageError, type SettingsDefinition, type SettingValue } from "../settings.ts";
import type { Result } from "../experiment/claim.ts";

/**
 * A sweep over the values of one setting. It is the same for the experiment and for every baseline, and each of them
 * uses the value that is best for itself.
 */
export interface Tuning<Name extends string = string, Value = SettingValue, Figure extends string = string> {
  readonly setting: Name;
  readonly values: readonly Value[];
  /** The figure that is to be as low as possible. */
  readonly lowest?: Figure;
  /** The figure that is to be as high as possible. */
  readonly highest?: Figure;
}

/** The sweep of one variant: the figure with each value, and the value that was chosen. */
export interface Tuned {
  readonly variant: string;
  readonly figures: readonly number[]; // of each value
  readonly chosen: SettingValue;
}

/** A tuning as it was carried out. */
export interface TuningResult {
  readonly setting: string;
  readonly values: readonly SettingValue[];
  readonly figure: string;
  readonly better: "lowest" | "highest";
  /** The seed of the sweep, with which nothing is judged. */
  readonly seed: number;
  readonly variants: readonly Tuned[];
}

/**
 * `settings` are the experiment's own, without the seed.
 *
 * @throws ArgumentError for fewer than two values, a value that the setting cannot have, two directions or none, and a
 * baseline that sets what is tuned
 */
export function checkTuning(
  { setting, values, lowest, highest }: Tuning,
  settings: SettingsDefinition,
  baselines: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  const fail = (what: string, mend: string) => new ArgumentError(`experiment: tune ${what}\n  ${mend}`);
  if (setting === "seed") throw fail('names "seed"', "a seed that was chosen by its result proves nothing");
  if (!Object.hasOwn(settings, setting))
    throw fail(`names "${setting}", which isn't a setting`, `the settings are ${Object.keys(settings).join(", ")}`);
  if (new Set(values).size < 2) throw fail(`has ${values.length} values of "${setting}"`, "give it two or more");
  for (const value of values) {
    try {
      checkSettings(settings, { [setting]: value });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const [what, mend] = error.message.split("\n  ");
      throw fail(`tries a value that "${setting}" cannot have: ${what}`, mend!);
    }
  }
  if ((lowest === undefined) === (highest === undefined))
    throw fail("does not say which value is best", 'give it one figure: { lowest: "loss" } or { highest: "accuracy" }');
  const taken = Object.keys(baselines).find((name) => Object.hasOwn(baselines[name]!, setting));
  if (taken !== undefined)
    throw fail(`chooses "${setting}", which the baseline "${taken}" sets`, "remove it from the baseline");
}

/**
 * Tunes each variant: `measure` runs one variant with one value of the setting.
 *
 * @throws ArgumentError if the figure does not exist, or is finite with no value
 */
export async function tuneVariants(
  { setting, values, lowest, highest }: Tuning,
  variants: readonly string[],
  seed: number,
  measure: (variant: string, value: SettingValue) => Promise<Result>,
): Promise<TuningResult> {
  const figure = (lowest ?? highest)!;
  const sign = lowest === undefined ? -1 : 1;
  const tuned: Tuned[] = [];
  for (const variant of variants) {
    const figures: number[] = [];
    for (const value of values) {
      const result = await measure(variant, value);
      if (!Object.hasOwn(result, figure))
        throw new ArgumentError(
          `experiment: tune looks for "${figure}", which isn't a figure of the result\n` +
            `  the figures are ${Object.keys(result).join(", ")}`,
        );
      figures.push(result[figure]!);
    }
    const costs = figures.map((own) => (Number.isFinite(own) ? sign * own : Infinity));
    const best = costs.indexOf(Math.min(...costs));
    if (costs[best] === Infinity)
      throw new ArgumentError(
        `experiment: ${figure} of "${variant}" is finite with no ${setting} of ${values.join(", ")}\n` +
          "  tune over other values",
      );
    tuned.push({ variant, figures, chosen: values[best]! });
  }
  return { setting, values, figure, better: lowest === undefined ? "highest" : "lowest", seed, variants: tuned };
}
