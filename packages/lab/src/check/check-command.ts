import { use } from "@ansatz/core";
import { backendFor } from "../backends/experiment-backend.ts";
import { columns } from "../columns.ts";
import { jsonOption, printJson } from "../command/command-line.ts";
import { namedExperiment } from "../command/named-experiment.ts";
import { runOptions } from "../experiment/run-options.ts";
import { defaultsOf, parseGiven, type SettingsDefinition } from "../settings.ts";
import { checkExperiment } from "./check-experiment.ts";

const options = {
  backend: runOptions.backend,
  threads: runOptions.threads,
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage: `ansatz check NAME [--SETTING VALUE …]    check an experiment: gradients, one batch, dead units, resumption …

It runs with the experiment's quick settings. The status is 1 if a check has failed.`,
  options,
  names: { what: "the experiment", least: 1, most: 1 },
  settings: true,
} as const;

/** Runs `ansatz check` with these words. @throws UsageError for words that it cannot read, and what the run throws */
export async function run(words: readonly string[]): Promise<void> {
  const named = await namedExperiment("check", usage, words);
  if (named === undefined) return;
  const { found, rest } = named;
  const { experiment } = found;
  const given = parseGiven({ ...experiment.settings, ...options }, rest);
  const { backend: asked, threads, json, ...settings } = { ...defaultsOf(options), ...given };
  const { backend } = await backendFor(found, { asked, threads });
  await use(backend);
  const outcomes = await checkExperiment(experiment, settings);
  if (outcomes.some(({ outcome }) => outcome === "failed")) process.exitCode = 1;
  if (json) return printJson({ experiment: found.name, backend: backend.name, checks: outcomes });
  console.log(columns(outcomes.map(({ check, outcome, detail }) => [check, outcome, detail])));
}
