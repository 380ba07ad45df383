import { readCommandLine } from "../command/command-line.ts";
import { UsageError } from "../settings.ts";
import { experimentNames, experimentsFolder, findExperiment } from "./find-experiment.ts";

const usage = {
  usage: "ansatz list    list the experiments of the nearest folder experiments/ with their questions",
  options: {},
  names: { what: "nothing", least: 0, most: 0 },
} as const;

/**
 * Runs `ansatz list` with these words: prints each experiment of the nearest folder `experiments` with its question, or
 * with the reason why it cannot be loaded.
 * @throws UsageError if there is no such folder, and for words that it cannot read
 */
export async function listCommand(words: readonly string[]): Promise<void> {
  if (readCommandLine(usage, words) === undefined) return;
  const folder = experimentsFolder();
  if (folder === undefined)
    throw new UsageError(
      'there is no folder named "experiments" here or above\n  create an experiment: ansatz create experiment NAME',
    );
  const names = experimentNames(folder);
  const width = Math.max(0, ...names.map((name) => name.length));
  for (const name of names) {
    const question = await findExperiment(name).then(
      ({ experiment }) => experiment.question,
      (error: Error) => `cannot be loaded: ${error.message.split("\n")[0]}`,
    );
    console.log(`${name.padEnd(width)}  ${question}`);
  }
}
