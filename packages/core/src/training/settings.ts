import { ArgumentError, nearest } from "../contract/errors.ts";
import type { Parameter } from "../graph/cell.ts";
import type { Schedule } from "./schedule.ts";
import type { AnyUpdateRule, HyperOf } from "./update-rule.ts";

/** A number, or a schedule of numbers. */
export type NumberOrSchedule = number | Schedule;

/** Which parameters a group has: those for which this holds. The first group that takes a parameter has it. */
type Where = (name: string, parameter: Parameter) => boolean;

/** Settings for some parameters, instead of the optimizer's own. */
export type Group<Rule extends AnyUpdateRule> =
  (Settings<Rule> & { readonly where: Where; readonly rule?: never }) | RuledGroup;

/** Some parameters that another rule updates, with its settings; the learning rate defaults to the optimizer's. */
export interface RuledGroup {
  readonly where: Where;
  readonly rule: AnyUpdateRule;
  readonly [setting: string]: NumberOrSchedule | Where | AnyUpdateRule;
}

/** The learning rate and whatever hyper-parameters the rule has. */
export type Settings<Rule extends AnyUpdateRule> = {
  readonly [Name in "learningRate" | keyof HyperOf<Rule>]?: NumberOrSchedule;
};

export type OptimizerOptions<Rule extends AnyUpdateRule> = Settings<Rule> & {
  readonly learningRate: NumberOrSchedule;
  readonly groups?: readonly Group<Rule>[];
};

/** A group's settings, checked. @throws ArgumentError for one that the rule does not have, or a bad value */
export function settingsOf(
  rule: AnyUpdateRule,
  given: Readonly<Record<string, NumberOrSchedule>>,
  defaults: Readonly<Record<string, NumberOrSchedule>>,
): Record<string, NumberOrSchedule> {
  const known = ["learningRate", ...Object.keys(rule.hyper)];
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) {
      const guess = nearest(name, known);
      throw new ArgumentError(
        `Optimizer: ${rule.name} has no setting "${name}"\n` +
          `  ${guess === undefined ? `it has ${known.join(", ")}` : `did you mean "${guess}"?`}`,
      );
    }
    checkSetting(name, value);
  }
  return { ...defaults, ...given };
}

/** @throws ArgumentError unless it is a finite number, or a schedule; a learning rate must be 0 or more */
export function checkSetting(name: string, value: NumberOrSchedule, when = ""): void {
  if (typeof value === "function") return;
  if (!Number.isFinite(value))
    throw new ArgumentError(`Optimizer: ${name} is ${String(value)}${when}\n  use a number or a schedule`);
  if (name === "learningRate" && value < 0)
    throw new ArgumentError(
      `Optimizer: ${name} is ${value}${when}\n  use 0 or more; to maximise, take the gradient of the negative`,
    );
}

/** A setting's value for the update after `index` others. @throws ArgumentError as `checkSetting` */
export function valueOf(name: string, setting: NumberOrSchedule, index: number): number {
  const value = typeof setting === "function" ? setting(index) : setting;
  checkSetting(name, value, typeof setting === "function" ? ` at step ${index} of its schedule` : "");
  return value;
}
