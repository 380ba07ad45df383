import {
  defaultsOf,
  describeSettings,
  parseGiven,
  UsageError,
  type SettingsDefinition,
  type SettingsOf,
} from "../settings.ts";
import type { FoundExperiment } from "../experiment/find-experiment.ts";
import { programAsTyped } from "./typed-as.ts";

/** How a command is used. */
export interface CommandUsage<Options extends SettingsDefinition = SettingsDefinition> {
  /** Its first line: `ansatz watch [FOLDER]    serve a page that shows runs live`. */
  readonly usage: string;
  readonly options: Options;
  /** What its words without `--` are, how many of them it takes, and what the first can be if there are few. */
  readonly names: {
    readonly what: string;
    readonly least: number;
    readonly most: number;
    readonly choices?: readonly string[];
  };
  /** Whether the settings of the experiment that it names are options, too. */
  readonly settings?: boolean;
}

/** The words of a command, as they were read. */
interface CommandWords<Options extends SettingsDefinition> {
  readonly names: readonly string[];
  readonly options: SettingsOf<Options>;
  /** Only the options that the words name. */
  readonly given: Partial<SettingsOf<Options>>;
}

/** The option of commands that print one value as JSON. */
export const jsonOption = { default: false, description: "print JSON, and nothing else" } as const;

/** Prints a value as JSON. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** How a command is used, with the program as it is typed here. */
export function usageText({ usage }: Pick<CommandUsage, "usage">): string {
  return usage.replaceAll(/(?<=^|\()ansatz (?=\w)/gm, `${programAsTyped()} `);
}

/** How a command is used: with its options or, for an experiment, with its question and settings, too. */
export function helpText({ usage, options }: Pick<CommandUsage, "usage" | "options">, found?: FoundExperiment): string {
  const [how, own] = [usageText({ usage }), describeSettings(options)];
  if (found === undefined) return `${how}\n\n${own}`.trim();
  const { question, paper, settings } = found.experiment;
  const heading = `${found.name}: ${question}${paper === undefined ? "" : `\n${paper}`}`;
  return [heading, how, `Settings\n${describeSettings(settings)}`, `Options\n${own}`].join("\n\n");
}

/**
 * Reads the words of a command: names, and options by their flags. For `--help` it prints how the command is used, and
 * returns undefined.
 *
 * @throws UsageError for an unknown option, a value that an option cannot have, and too few or too many names
 */
export function readCommandLine<const Options extends SettingsDefinition>(
  { usage, options, names: { what, least, most } }: CommandUsage<Options>,
  words: readonly string[],
): CommandWords<Options> | undefined {
  if (words.includes("--help") || words.includes("-h")) return void console.log(helpText({ usage, options }));
  const names: string[] = [];
  const given = parseGiven(options, words, names);
  const problem =
    names.length < least ? `${what} is missing` : names.length > most ? `"${names[most]}" is one word too many` : "";
  if (problem !== "") throw new UsageError(`${problem}\n  write ${usageText({ usage }).split("    ")[0]}`);
  return { names, options: { ...defaultsOf(options), ...given }, given };
}
