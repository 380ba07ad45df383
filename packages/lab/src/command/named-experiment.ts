import { findExperiment, type FoundExperiment } from "../experiment/find-experiment.ts";
import { UsageError } from "../settings.ts";
import { helpText, type CommandUsage } from "./command-line.ts";
import { typedAs } from "./typed-as.ts";

/**
 * The experiment that the first word of a command names, and the words after it. For `--help` it prints how the command
 * is used, and returns undefined.
 *
 * @throws UsageError if no experiment is named, or if there is none of that name
 */
export async function namedExperiment(
  command: string,
  usage: CommandUsage,
  [name, ...rest]: readonly string[],
): Promise<{ readonly found: FoundExperiment; readonly rest: readonly string[] } | undefined> {
  const help = [name, ...rest].some((word) => word === "--help" || word === "-h");
  const named = name === undefined || name.startsWith("-") ? undefined : name;
  if (named === undefined && !help)
    throw new UsageError(`${command} needs the name of an experiment\n  ${typedAs("list")} shows them`);
  const found = named === undefined ? undefined : await findExperiment(named);
  if (help) console.log(helpText(usage, found));
  return help ? undefined : { found: found!, rest };
}
