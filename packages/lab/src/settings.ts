import { ArgumentError } from "@ansatz/core";
import { nearest } from "@ansatz/core/plugin";
import { columns } from "./columns.ts";

/** A command line that cannot be understood. */
export class UsageError extends ArgumentError {}

/** The types of values that a setting can have. */
export type SettingValue = number | string | boolean;

/** A setting: its default, what it means, and which values are allowed. */
export interface Setting<T extends SettingValue = SettingValue> {
  readonly default: T;
  readonly description: string;
  /** The unit of the number, e.g. "tokens". */
  readonly unit?: string;
  /** The least value allowed. */
  readonly least?: number;
  /** The greatest value allowed. */
  readonly most?: number;
  /** Whether only whole numbers are allowed. */
  readonly whole?: boolean;
  /** The only values allowed. */
  readonly choices?: readonly string[];
}

export type SettingsDefinition = Readonly<Record<string, Setting>>;

/** A type as wide as its kind: 3 is a number, "adamw" a string. */
type Widened<T> = T extends number ? number : T extends boolean ? boolean : T extends string ? string : never;

/** The values that one setting can have: its choices if it lists them, otherwise as wide as its default. */
export type ValueOf<S> = S extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : S extends { readonly default: infer Default }
    ? Widened<Default>
    : Widened<S>;

/** The values of settings, typed by their choices or their defaults. */
export type SettingsOf<Definition extends SettingsDefinition> = {
  readonly [Name in keyof Definition]: ValueOf<Definition[Name]>;
};

/**
 * Reads settings from command-line words: `--learning-rate 3e-4` or `--learning-rate=3e-4`; `--nesterov` and
 * `--no-nesterov` for booleans.
 *
 * @throws UsageError for an unknown name (it suggests a similar one), a name that is given twice, and a missing,
 * malformed or out-of-range value
 */
export function parseSettings<Definition extends SettingsDefinition>(
  definition: Definition,
  words: readonly string[],
): SettingsOf<Definition> {
  return { ...defaultsOf(definition), ...parseGiven(definition, words) };
}

/** The default of each setting. */
export function defaultsOf<Definition extends SettingsDefinition>(definition: Definition): SettingsOf<Definition> {
  return Object.fromEntries(
    Object.entries(definition).map(([name, setting]) => [name, setting.default]),
  ) as SettingsOf<Definition>;
}

/**
 * Reads only the settings that the words name. Words that are neither flags nor their values go to `names`; without it
 * there may be none.
 * @throws UsageError as `parseSettings`
 */
export function parseGiven<Definition extends SettingsDefinition>(
  definition: Definition,
  words: readonly string[],
  names?: string[],
): Partial<SettingsOf<Definition>> {
  const values: Record<string, SettingValue> = {};
  const set = (name: string, value: SettingValue) => {
    if (Object.hasOwn(values, name)) throw new UsageError(`--${flagOf(name)} is given twice\n  give it once`);
    values[name] = value;
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("-") && names !== undefined) {
      names.push(word);
      continue;
    }
    if (!word.startsWith("--"))
      throw new UsageError(
        `"${word}" isn't a setting\n` +
          `  write settings as --${flagOf(Object.keys(definition)[0] ?? "name")} VALUE; --help lists them`,
      );
    const [flag, inline] = splitOnce(word.slice(2), "=");
    const denied = Object.keys(definition).find(
      (known) => typeof definition[known]!.default === "boolean" && `no-${flagOf(known)}` === flag,
    );
    if (denied !== undefined) {
      set(denied, false);
      continue;
    }
    const name = Object.keys(definition).find((known) => flagOf(known) === flag || known === flag);
    if (name === undefined) {
      const guess = nearest(flag, Object.keys(definition).map(flagOf));
      throw new UsageError(
        `there is no setting --${flag}\n  ${guess === undefined ? "--help lists them" : `did you mean --${guess}?`}`,
      );
    }
    const setting = definition[name]!;
    const alone =
      typeof setting.default === "boolean" && inline === undefined && !["true", "false"].includes(words[i + 1] ?? "");
    const text = alone ? "true" : (inline ?? words[++i]);
    if (text === undefined) throw new UsageError(`--${flag} needs a value\n  ${describe(setting)}`);
    set(name, parseValue(flag, setting, text));
  }
  return values as Partial<SettingsOf<Definition>>;
}

/**
 * Checks values that come from code or from a file.
 *
 * @throws UsageError as `parseSettings`
 */
export function checkSettings<Definition extends SettingsDefinition>(
  definition: Definition,
  values: Readonly<Record<string, unknown>>,
): Partial<SettingsOf<Definition>> {
  return parseGiven(
    definition,
    Object.entries(values).map(([name, value]) => `--${flagOf(name)}=${String(value)}`),
  );
}

function parseValue(flag: string, setting: Setting, text: string): SettingValue {
  const { choices, least = -Infinity, most = Infinity, whole = false } = setting;
  const fail = () => new UsageError(`--${flag} cannot be "${text}"\n  use ${describe(setting)}`);
  if (typeof setting.default === "boolean") {
    if (text !== "true" && text !== "false") throw fail();
    return text === "true";
  }
  if (typeof setting.default === "string") {
    if (choices !== undefined && !choices.includes(text)) throw fail();
    return text;
  }
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value) || value < least || value > most || (whole && !Number.isInteger(value))) throw fail();
  return value;
}

function describe({ choices, default: value, least, most, whole, unit }: Setting): string {
  if (choices !== undefined) return choices.join(" or ");
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "string") return "a string";
  const [low, high] = [least === undefined ? "" : `, ${least}`, most === undefined ? "" : `${most}`];
  const range = low && high ? `${low} to ${high}` : low ? `${low} or more` : high && `, ${high} at most`;
  return `a ${whole === true ? "whole number" : "number"}${unit === undefined ? "" : ` of ${unit}`}${range}`;
}

/** The help text of settings, one line for each. */
export function describeSettings(definition: SettingsDefinition): string {
  const rows = Object.entries(definition).map(([name, setting]) => {
    const values = [describe(setting), ...(setting.default === "" ? [] : [String(setting.default)])].join("; ");
    return [`  --${flagOf(name)}`, `${setting.description} (${values})`.trim()];
  });
  return columns(rows);
}

/** A setting's name on the command line: `learningRate` is `learning-rate`. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The parts of a text before and after the first separator; the second is undefined if there is none. */
export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
