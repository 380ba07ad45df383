import { UsageError } from "../settings.ts";
import { experimentNames, experimentsFolder, findExperiment } from "./find-experiment.ts";

/**
 * Prints each experiment of the nearest folder `experiments` with its question, or with the reason why it cannot be
 * loaded.
 * @throws UsageError if there is no such folder
 */
export async function listExperiments(): Promise<void> {
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
