import { mkdir } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { compareRuns, writeComparison } from "../compare/compare.ts";
import { jsonOption, printJson, readCommandLine } from "./command-line.ts";

/** How many judgements are printed; the page has all of them. */
const sentencesShown = 10;

export const usage = {
  usage: `ansatz compare FOLDER …    compare runs: curves with seed bands, settings that differ, significance

A folder is that of a run; the folder of an experiment or a sweep stands for all of its runs.`,
  options: {
    metric: { default: "", description: "the figure to test; without it, the first figure of the results" },
    output: { default: "runs/comparison.html", description: "the page to write" },
    json: jsonOption,
  },
  names: { what: "the folder of a run", least: 1, most: Infinity },
} as const;

/** Runs `ansatz compare` with these words. @throws UsageError for words that it cannot read; RunError; WriteError */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const { metric, output, json } = read.options;
  const comparison = await compareRuns(read.names, { metric: metric || undefined });
  await mkdir(dirname(output), { recursive: true });
  await writeComparison(output, comparison);
  if (json) return printJson({ judgements: comparison.judgements, page: output });
  for (const { sentence } of comparison.judgements.slice(0, sentencesShown)) console.log(sentence);
  if (comparison.judgements.length > sentencesShown)
    console.log(`… and ${comparison.judgements.length - sentencesShown} more pairs`);
  console.log(relative("", output));
}
