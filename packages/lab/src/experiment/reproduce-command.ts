import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { AnsatzError, use } from "@ansatz/core";
import { backendFor } from "../backends/experiment-backend.ts";
import { InterruptedError } from "../interrupt.ts";
import { writeText } from "../run-folder.ts";
import { defaultsOf, describeSettings, parseGiven, UsageError, type SettingsDefinition } from "../settings.ts";
import { experimentNames, experimentsFolder, findExperiment } from "./find-experiment.ts";
import { reproduce } from "./reproduce.ts";
import { describeVerdicts, figuresOf, indexPage, showInterval, type Reproduction } from "./results-page.ts";
import { runOptions } from "./run-options.ts";
import { typedAs } from "./typed-as.ts";

const options = {
  all: { default: false, description: "every experiment" },
  strict: { default: false, description: "fails when a claim does not hold" },
  quick: { default: false, description: "runs of seconds, to see whether everything works; judges no claim" },
  fresh: { default: false, description: "measures again what has been measured with the same code" },
  runs: runOptions.runs,
  backend: runOptions.backend,
  quiet: { default: false, description: "prints the results only" },
} as const satisfies SettingsDefinition;

const usage = `ansatz reproduce NAME     runs an experiment over its seeds with its baselines, and checks its claims
ansatz reproduce --all    does so with every experiment

${describeSettings(options)}`;

/** The words after `ansatz reproduce`. @throws UsageError for words that make no sense, and what the runs throw */
export async function reproduceCommand(words: readonly string[]): Promise<void> {
  if (words.includes("--help") || words.includes("-h")) return console.log(usage);
  const named = words[0]?.startsWith("-") === false ? words[0] : undefined;
  const given = { ...defaultsOf(options), ...parseGiven(options, named === undefined ? words : words.slice(1)) };
  if (named === undefined && !given.all)
    throw new UsageError("reproduce needs the name of an experiment, or --all\n  ansatz list shows them");
  if (named !== undefined && given.all)
    throw new UsageError("reproduce takes a name or --all, and not both\n  --all reproduces every experiment");
  const place = experimentsFolder();
  if (given.all && place === undefined)
    throw new UsageError(
      "there is no folder experiments here or above\n  go to the workspace, or name an experiment by its path",
    );
  const names = named === undefined ? experimentNames(place!) : [named];
  const done: Reproduction[] = [];
  for (const name of names) {
    try {
      const found = await findExperiment(name);
      const { backend } = await backendFor(found, { asked: given.backend });
      await use(backend);
      const reproduction = await reproduce(found, {
        runs: given.runs,
        quick: given.quick,
        fresh: given.fresh,
        backend: backend.name,
        output: given.quiet ? "quiet" : "text",
      });
      done.push(reproduction);
      report(reproduction, given.quick);
    } catch (error) {
      if (error instanceof InterruptedError) {
        console.log(`\n${error.message}\n  go on with: ${typedAs("reproduce")} ${words.join(" ")}`);
        process.exitCode = 130;
        return;
      }
      if (!given.all || !(error instanceof AnsatzError)) throw error;
      console.error(`${name}: ${error.name}: ${error.message}`); // the others are run all the same
      process.exitCode = 1;
    }
  }
  if (!given.quick && place !== undefined && done.every(({ found }) => dirname(found.folder) === place))
    await updateIndex(place, done);
  if (given.strict && done.some(({ verdicts }) => verdicts.some(({ held }) => !held))) process.exitCode = 1;
}

async function updateIndex(place: string, done: readonly Reproduction[]): Promise<void> {
  const page = join(place, "README.md");
  await writeText(
    place,
    "README.md",
    indexPage(done, experimentNames(place), existsSync(page) ? readFileSync(page, "utf8") : ""),
  );
}

function report({ found: { name, folder: source }, folder, seeds, verdicts }: Reproduction, quick: boolean): void {
  const figures = figuresOf(name, seeds).map(
    ([variant, own]) =>
      `${variant}: ${Object.entries(own)
        .map(([figure, interval]) => `${figure} ${showInterval(interval)}`)
        .join(", ")}`,
  );
  const claims = quick
    ? "every run works; a quick run judges no claim"
    : verdicts.length === 0
      ? "it makes no claims"
      : describeVerdicts(verdicts);
  console.log(
    `\n${figures.join("\n")}\n\n${claims}\n\n${quick ? relative("", folder) : relative("", join(source, "RESULTS.md"))}`,
  );
}
