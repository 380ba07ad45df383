import { RootCommand } from "@bomb.sh/tab";
import { experimentNames, experimentsFolder, findExperiment } from "../experiment/find-experiment.ts";
import { findRuns } from "../report/find-runs.ts";
import { flagOf, UsageError, type SettingsDefinition } from "../settings.ts";
import { readCommandLine } from "./command-line.ts";
import { commands } from "./commands.ts";

const shells = ["bash", "zsh", "fish", "powershell"];

export const usage = {
  usage: `ansatz complete SHELL    print the script by which bash, zsh, fish or powershell completes commands

In bash, which needs the package bash-completion, and in zsh: source <(ansatz complete bash)`,
  options: {},
  names: { what: "the shell", least: 1, most: 1, choices: shells },
} as const;

/** Options whose value is the folder of a run. */
const foldersOfRuns = new Set(["resume", "from"]);

/**
 * Runs `ansatz complete` with these words: prints the script for a shell, which then calls `ansatz complete -- WORDS`
 * for what may follow the words of a line.
 * @throws UsageError for words that it cannot read
 */
export async function run(words: readonly string[]): Promise<void> {
  if (words[0] === "--") return (await rootOf(words.slice(1))).parse(words.slice(1));
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const [shell] = read.names as [string];
  if (!shells.includes(shell)) throw new UsageError(`there is no completion for ${shell}\n  use ${shells.join(", ")}`);
  const program = [process.execPath, ...process.execArgv, process.argv[1]!];
  new RootCommand().setup("ansatz", program.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(" "), shell);
}

/** The commands with what the one on this line takes. */
async function rootOf(line: readonly string[]): Promise<RootCommand> {
  const root = new RootCommand();
  for (const [name, { description }] of Object.entries(commands)) root.command(name, description);
  const [name = "", first] = line;
  if (!Object.hasOwn(commands, name) || line.length < 2) return root;
  const { usage } = await commands[name]!.load();
  const runs = await findRuns("runs");
  const command = root.commands.get(name)!;
  const settings = usage.settings === true && first !== "" ? await settingsOf(first!) : {};
  for (const [option, { default: value, description, choices = [] }] of Object.entries({
    ...settings,
    ...(usage.options as SettingsDefinition),
  })) {
    const candidates = foldersOfRuns.has(option) ? runs : choices;
    if (typeof value === "boolean") command.option(flagOf(option), description);
    else command.option(flagOf(option), description, (complete) => candidates.forEach((one) => complete(one, "")));
  }
  const { what, most, choices } = usage.names;
  const names = choices ?? (what === "the experiment" ? experimentsHere() : runs);
  if (most > 0) command.argument(what, (complete) => names.forEach((one) => complete(one, "")), most > 1);
  return root;
}

/** The settings of an experiment, if it can be loaded. */
async function settingsOf(name: string): Promise<SettingsDefinition> {
  return findExperiment(name).then(
    ({ experiment }) => experiment.settings,
    () => ({}),
  );
}

function experimentsHere(): string[] {
  const place = experimentsFolder();
  return place === undefined ? [] : experimentNames(place);
}
