import { jsonOption, printJson, readCommandLine } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { UsageError } from "../settings.ts";
import { experimentNames, experimentsFolder, findExperiment } from "./find-experiment.ts";

export const usage = {
  usage: "ansatz list    list the experiments of the nearest folder experiments/ with their questions",
  options: { json: jsonOption },
  names: { what: "nothing", least: 0, most: 0 },
} as const;

/**
 * Runs `ansatz list` with these words: prints each experiment of the nearest folder `experiments` with its question, or
 * with the reason why it cannot be loaded.
 * @throws UsageError if there is no such folder, and for words that it cannot read
 */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const folder = experimentsFolder();
  if (folder === undefined)
    throw new UsageError(
      'there is no folder named "experiments" here or above\n' +
        `  create an experiment: ${typedAs("create")} experiment NAME`,
    );
  const names = experimentNames(folder);
  const width = Math.max(0, ...names.map((name) => name.length));
  const listed: object[] = [];
  for (const name of names) {
    const one = await findExperiment(name).then(
      ({ experiment: { question, paper } }) => ({ name, question, paper }),
      (error: Error) => ({ name, error: error.message }),
    );
    listed.push(one);
    const shown = "question" in one ? one.question : `cannot be loaded: ${one.error.split("\n")[0]}`;
    if (!read.options.json) console.log(`${name.padEnd(width)}  ${shown}`);
  }
  if (read.options.json) printJson(listed);
}
