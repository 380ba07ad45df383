import { ArgumentError, nearest } from "@ansatz/core";

/** A setting: its default, what it means, and which values make sense. */
export interface Setting<T extends number | string = number | string> {
  readonly default: T;
  readonly description: string;
  /** What the number counts. */
  readonly unit?: string;
  /** The least value allowed. */
  readonly least?: number;
  /** The greatest value allowed. */
  readonly most?: number;
  /** Whether only whole numbers make sense. */
  readonly whole?: boolean;
  /** The only values allowed. */
  readonly choices?: readonly string[];
}

export type SettingsDefinition = Readonly<Record<string, Setting>>;

/** The values of settings, typed by their defaults. */
export type SettingsOf<Definition extends SettingsDefinition> = { readonly [Name in keyof Definition]: Definition[Name]["default"] extends number ? number : string };

/**
 * Reads settings from command-line words: `--learning-rate 3e-4` or `--learning-rate=3e-4`.
 *
 * @throws ArgumentError for a misspelled name (and suggests one), a missing or malformed value, or one out of range
 */
export function parseSettings<Definition extends SettingsDefinition>(definition: Definition, words: readonly string[]): SettingsOf<Definition> {
  const values: Record<string, number | string> = Object.fromEntries(Object.entries(definition).map(([name, setting]) => [name, setting.default]));
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("--")) throw new ArgumentError(`"${word}" is no setting\n  settings look like --${flagOf(Object.keys(definition)[0] ?? "name")} VALUE; --help lists them`);
    const [flag, inline] = splitOnce(word.slice(2), "=");
    const name = Object.keys(definition).find((known) => flagOf(known) === flag || known === flag);
    if (name === undefined) {
      const guess = nearest(flag, Object.keys(definition).map(flagOf));
      throw new ArgumentError(`there is no setting --${flag}\n  ${guess === undefined ? "--help lists them" : `did you mean --${guess}?`}`);
    }
    const text = inline ?? words[++i];
    if (text === undefined) throw new ArgumentError(`--${flag} needs a value\n  ${describe(definition[name]!)}`);
    values[name] = parseValue(flag, definition[name]!, text);
  }
  return values as SettingsOf<Definition>;
}

function parseValue(flag: string, setting: Setting, text: string): number | string {
  const { choices, least = -Infinity, most = Infinity, whole = false } = setting;
  const fail = () => new ArgumentError(`--${flag} cannot be "${text}"\n  use ${describe(setting)}`);
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
  if (typeof value === "string") return "a text";
  const range = least !== undefined && most !== undefined ? `, ${least} to ${most}` : least !== undefined ? `, ${least} or more` : most !== undefined ? `, ${most} at most` : "";
  return `a ${whole === true ? "whole number" : "number"}${unit === undefined ? "" : ` of ${unit}`}${range}`;
}

/** The help text of settings, one a line. */
export function describeSettings(definition: SettingsDefinition): string {
  const rows = Object.entries(definition).map(([name, setting]) => ({ flag: `--${flagOf(name)}`, text: `${setting.description} (${describe(setting)}; ${String(setting.default)})` }));
  const width = Math.max(...rows.map(({ flag }) => flag.length));
  return rows.map(({ flag, text }) => `  ${flag.padEnd(width)}  ${text}`).join("\n");
}

function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
