import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { AnsatzError, use } from "@ansatz/core";
import { backendFor } from "../backends/experiment-backend.ts";
import { jsonOption, printJson, readCommandLine } from "../command/command-line.ts";
import { typedAs } from "../command/typed-as.ts";
import { InterruptedError } from "../interrupt.ts";
import { writeText } from "../run-folder.ts";
import { flagOf, UsageError, type SettingsDefinition, type SettingsOf } from "../settings.ts";
import {
  experimentNames,
  experimentsFolder,
  findExperiment,
  folderOf,
  locateExperiment,
} from "../experiment/find-experiment.ts";
import { checkResults, describeChecked } from "./check-results.ts";
import { reproduce } from "./reproduce.ts";
import { titleOf } from "./reproduction.ts";
import { usualMilliseconds } from "./results-file.ts";
import { TimeLeft } from "./time-left.ts";
import { describeVerdicts, figuresOf, indexPage, type Reproduction } from "./results-page.ts";
import { runOptions } from "../experiment/run-options.ts";
import { showInterval } from "../view/format.ts";

const options = {
  all: { default: false, description: "every experiment" },
  strict: { default: false, description: "fail unless every claim is held" },
  quick: { default: false, description: "run for seconds only, to check that everything works; claims are not judged" },
  fresh: { default: false, description: "measure again even if the same code was measured before" },
  firstSeed: {
    default: 1,
    description: "first of the seeds; others than those already judged decide fairly what these left undecided",
    whole: true,
    least: 1,
  },
  runs: runOptions.runs,
  backend: runOptions.backend,
  check: {
    default: false,
    description: "run nothing, but list the results that are stale and what has changed; with --strict, fail if any is",
  },
  quiet: { default: false, description: "print the results only" },
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage: `ansatz reproduce NAME     run an experiment and its baselines over several seeds, and check its claims
ansatz reproduce --all    do the same for every experiment
ansatz reproduce --check  list the results that are stale: of one experiment, or of all`,
  options,
  names: { what: "the experiment", least: 0, most: 1 },
} as const;

/**
 * Runs `ansatz reproduce` with these words. @throws UsageError for words that it cannot read, and what the runs throw
 */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const { options: given, given: own, names: mentioned } = read;
  const [named] = mentioned;
  if (named !== undefined && given.all)
    throw new UsageError("reproduce takes a name or --all, not both\n  --all means every experiment");
  if (given.check) return check(named, own);
  if (named === undefined && !given.all)
    throw new UsageError(`reproduce needs the name of an experiment, or --all\n  ${typedAs("list")} shows them`);
  const names = named === undefined ? allNames() : [named];
  const place = experimentsFolder();
  const done: Reproduction[] = [];
  const usual = given.all
    ? await Promise.all(names.map((name) => usualMilliseconds(folderOf(locateExperiment(name)))))
    : [];
  const timeLeft = new TimeLeft(
    usual.map((milliseconds) => milliseconds ?? 0),
    1,
  );
  for (const [i, name] of names.entries()) {
    const start = Date.now();
    if (given.all && !given.json && !given.quick && !given.quiet)
      console.log(`\nexperiment ${i + 1} of ${names.length}${timeLeft.text}`);
    try {
      const found = await findExperiment(name);
      const { backend, name: chosen } = await backendFor(found, { asked: given.backend });
      await use(backend);
      const reproduction = await reproduce(found, {
        runs: given.runs,
        quick: given.quick,
        fresh: given.fresh,
        firstSeed: given.firstSeed,
        backend: chosen,
        output: given.json ? "none" : given.quiet ? "quiet" : "text",
      });
      done.push(reproduction);
      if (!given.json) report(reproduction, given.quick);
      const whole = reproduction.runs.every(({ record: { started } }) => Date.parse(started) >= start);
      timeLeft.next(whole ? Date.now() - start : undefined); // runs that were finished before took no time
    } catch (error) {
      if (error instanceof InterruptedError) {
        const print = given.json ? console.error : console.log;
        print(`\n${error.message}\n  ${howToResume(named, own, names.slice(names.indexOf(name)))}`);
        process.exitCode = 130;
        return;
      }
      if (!given.all || !(error instanceof AnsatzError)) throw error;
      console.error(`${name}: ${error.name}: ${error.message}`); // the other experiments still run
      timeLeft.next();
      process.exitCode = 1;
    }
  }
  if (given.json) printJson(done.map(asJson));
  if (!given.quick && place !== undefined && done.every(({ found }) => dirname(found.folder) === place))
    await updateIndex(place, done);
  if (given.strict && done.some(({ verdicts }) => verdicts.some(({ verdict }) => verdict !== "held")))
    process.exitCode = 1;
}

/** The names of all experiments. @throws UsageError outside a workspace */
function allNames(): string[] {
  const place = experimentsFolder();
  if (place !== undefined) return experimentNames(place);
  throw new UsageError(
    'there is no folder named "experiments" here or above\n  go to the workspace, or give the path of an experiment',
  );
}

/** @throws UsageError for options that only matter to runs */
async function check(
  named: string | undefined,
  { check: _check, all: _all, strict, json, ...others }: Partial<SettingsOf<typeof options>>,
): Promise<void> {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UsageError(
      `--check runs nothing, so --${flagOf(other)} has no effect\n  leave it out, or run without --check`,
    );
  const names = named === undefined ? allNames() : [named];
  const checked = await checkResults(names.map((name) => folderOf(locateExperiment(name))));
  if (json === true) printJson(checked);
  else console.log(describeChecked(checked));
  if (strict === true && checked.some(({ changed }) => changed?.length !== 0)) process.exitCode = 1;
}

/**
 * The commands that continue a reproduction which stopped at the first of these experiments. The stopped one resumes
 * without --fresh, which would start it again; with --all, those that follow it are still to be measured afresh.
 */
function howToResume(
  named: string | undefined,
  { all: _all, fresh = false, ...others }: Partial<SettingsOf<typeof options>>,
  [stopped, ...following]: readonly string[],
): string {
  const flags = Object.entries(others).map(([name, value]) =>
    typeof value === "boolean" ? `--${value ? "" : "no-"}${flagOf(name)}` : `--${flagOf(name)} ${value}`,
  );
  const command = (...words: readonly string[]) => [typedAs("reproduce"), ...words, ...flags].join(" ");
  if (!fresh || named !== undefined) return `resume with: ${command(named ?? "--all")}`;
  const later = following.map((name) => `\n  then: ${command(name, "--fresh")}`).join("");
  return `resume with: ${command(stopped!)}${later}`;
}

async function updateIndex(place: string, done: readonly Reproduction[]): Promise<void> {
  const page = join(place, "README.md");
  await writeText(
    place,
    "README.md",
    indexPage(done, experimentNames(place), existsSync(page) ? readFileSync(page, "utf8") : ""),
  );
}

function asJson({ found, folder, seeds, verdicts }: Reproduction): object {
  return {
    name: found.name,
    folder,
    seeds: seeds.map(({ seed }) => seed),
    figures: Object.fromEntries(figuresOf(seeds)),
    verdicts: verdicts.map(({ claim: { claim }, verdict, mean, margin, p, reason }) => ({
      claim,
      verdict,
      mean,
      margin,
      p,
      reason,
    })),
  };
}

function report({ found, folder, seeds, verdicts }: Reproduction, quick: boolean): void {
  const { name, folder: source } = found;
  const figures = figuresOf(seeds).map(
    ([variant, own]) =>
      `${titleOf(variant, found)}: ${Object.entries(own)
        .map(([figure, interval]) => `${figure} ${showInterval(interval)}`)
        .join(", ")}`,
  );
  const claims = quick
    ? "every run works; quick runs do not judge claims"
    : verdicts.length === 0
      ? "there are no claims to check"
      : describeVerdicts(verdicts);
  const written = quick ? folder : join(source, "RESULTS.md");
  console.log(`\n${figures.join("\n")}\n\n${claims}\n\n${relative("", written)}`);
  for (const { claim, reason } of verdicts.filter(({ suspicious }) => suspicious))
    console.error(`warning: ${name}: "${claim.claim}": ${reason}`);
}
