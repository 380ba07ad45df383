import { relative, resolve } from "node:path";
import { backendFor } from "../backends/experiment-backend.ts";
import { jsonOption, printJson } from "../command/command-line.ts";
import { namedExperiment } from "../command/named-experiment.ts";
import { runOptions } from "../experiment/run-options.ts";
import { defaultsOf, parseGiven, type SettingsDefinition } from "../settings.ts";
import { writeProfilePage } from "./flame-page.ts";
import { profileExperiment } from "./profile-experiment.ts";
import { profileTable } from "./profile-table.ts";

const options = {
  measuredSteps: { default: 20, description: "steps that are measured, after two that are not", whole: true, least: 1 },
  output: { default: "profile.html", description: "the page with the flame graph" },
  backend: runOptions.backend,
  threads: runOptions.threads,
  quick: { default: false, description: "use the settings with which the experiment runs in seconds" },
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage: "ansatz profile NAME [--SETTING VALUE …]    measure where a step's time goes: tables, and a flame graph",
  options,
  names: { what: "the experiment", least: 1, most: 1 },
  settings: true,
} as const;

/** Runs `ansatz profile` with these words. @throws UsageError for words that it cannot read, and what the run throws */
export async function run(words: readonly string[]): Promise<void> {
  const named = await namedExperiment("profile", usage, words);
  if (named === undefined) return;
  const { found, rest } = named;
  const { experiment } = found;
  const given = { ...defaultsOf(options), ...parseGiven({ ...experiment.settings, ...options }, rest) };
  const { measuredSteps, output, backend: asked, threads, quick, json, ...settings } = given;
  const { backend } = await backendFor(found, { asked, threads });
  const profile = await profileExperiment(experiment, {
    name: found.name,
    backend,
    steps: measuredSteps,
    settings: { ...(quick ? experiment.quick : {}), ...settings },
  });
  const path = resolve(output);
  await writeProfilePage(path, profile);
  if (json) printJson(profile);
  else console.log(`${profileTable(profile)}\n\n${relative("", path)}`);
}
