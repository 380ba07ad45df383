import { describeP, showInterval, showNumber, showP } from "../view/format.ts";
import { meanInterval, type Interval } from "../statistics.ts";
import { describeBounds, type Claim } from "../experiment/claim.ts";
import type { FoundExperiment } from "../experiment/find-experiment.ts";
import type { Outcome, SeedResults, Verdict } from "./judge.ts";
import type { Provenance } from "../experiment/provenance.ts";
import { titleOf } from "./reproduction.ts";
import type { RunRecord } from "../experiment/run-record.ts";
import type { TuningResult } from "./tuning.ts";

/** The results of a reproduction. */
export interface Reproduction {
  readonly found: FoundExperiment;
  readonly folder: string;
  readonly seeds: readonly SeedResults[];
  readonly verdicts: readonly Verdict[];
  /** How each variant was tuned before, if it was. */
  readonly tuning: TuningResult | undefined;
  /** All of its runs. */
  readonly runs: readonly MeasuredRun[];
  /** The code with which they were measured. */
  readonly code: Provenance;
}

/** A run of a reproduction, with the record of its machine, versions and commit. */
export interface MeasuredRun {
  /** The name of the baseline, or "main" for the experiment itself. */
  readonly variant: string;
  readonly seed: number;
  readonly record: RunRecord;
}

/** The page RESULTS.md. */
export function resultsPage({ found, seeds, verdicts, tuning, runs }: Reproduction): string {
  const { name, experiment } = found;
  const { record } = runs[0]!;
  const numbers = seeds.map(({ seed }) => seed);
  const where = [
    `${record.cpu}`,
    `${record.memoryGiB} GiB`,
    record.platform,
    `Node ${record.node.slice(1)}`,
    `backend ${record.backend}`,
  ].join(", ");
  const commits = new Map<string, string[]>();
  for (const { variant, seed, record: of } of runs)
    commits.set(commitOf(of), [...(commits.get(commitOf(of)) ?? []), `${titleOf(variant, found)} ${seed}`]);
  const [same] = commits.size === 1 ? commits.keys() : [""];
  return [
    `# Results of ${name}`,
    experiment.question,
    ...(experiment.paper === undefined ? [] : [experiment.paper]),
    ...(verdicts.length === 0
      ? []
      : [
          `**${countVerdicts(verdicts)}**`,
          "![Each claim: its figure for each seed, what is wanted, and what the paper has](claims.svg)",
          claimsTable(verdicts),
        ]),
    `Seeds ${numbers.join(", ")}. A figure is the mean over the seeds with its 95 % interval (Student's t). ` +
      (verdicts.length === 0 ? "" : legendOf(verdicts)),
    "![Every figure, with a band for the seeds](results.svg)",
    figuresTable(found, seeds),
    ...(tuning === undefined ? [] : tuningParts(found, tuning)),
    `Measured on ${record.started.slice(0, 10)}${same}: ${where}.`,
    ...(commits.size < 2
      ? []
      : [[...commits].map(([commit, of]) => `- ${of.join(", ")}:${commit || " no commit"}`).join("\n")]),
    "To measure it again:",
    `\`\`\`sh\nnpx pnpm@10 reproduce ${name}${numbers[0] === 1 ? "" : ` --first-seed ${numbers[0]}`}\n\`\`\``,
  ].join("\n\n");
}

function commitOf({ commit, dirty }: RunRecord): string {
  return commit === undefined ? "" : ` from commit ${commit.slice(0, 10)}${dirty === true ? " with changes" : ""}`;
}

/** How the verdicts of a page were reached. */
function legendOf(verdicts: readonly Verdict[]): string {
  const several = verdicts.length > 1 ? `, corrected for the ${verdicts.length} claims by Holm` : "";
  const more = verdicts.some(({ verdict }) => verdict === "undecided")
    ? " The number of seeds that would decide it means other seeds, all measured anew (`--first-seed`): adding seeds " +
      "to those already judged would make wrong verdicts more frequent than 5 %."
    : "";
  return (
    "A claim is held if its figure is within the bounds, and refuted if it is not, each with p < 0.05 by a " +
    `two-sided t test against the nearest bound${several}. Otherwise it is undecided.${more}`
  );
}

function claimsTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    cell(verdict.claim.claim),
    paperOf(verdict.claim),
    describeBounds(verdict.claim),
    showInterval(verdict),
    verdict.p === undefined ? "" : showP(verdict.p),
    cell(`${verdict.verdict === "held" ? "held" : `**${verdict.verdict}**`}${reasonOf(verdict)}`),
  ]);
  return table([["claim", "the paper", "wanted", "measured", "p", "verdict"], ...rows]);
}

function reasonOf({ reason }: Verdict): string {
  return reason === undefined ? "" : `: ${reason}`;
}

/** Claims and their verdicts, for a terminal. */
export function describeVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(
      (verdict) =>
        `${verdict.verdict.padEnd(9)}  ${verdict.claim.claim}: ` +
        `${showInterval(verdict)}, wanted ${describeBounds(verdict.claim)}` +
        `${verdict.p === undefined ? "" : `, ${describeP(verdict.p)}`}${reasonOf(verdict)}`,
    )
    .join("\n");
}

/** How many claims have each verdict: "5 held, 1 refuted, 2 undecided". */
export function countVerdicts(verdicts: readonly Verdict[]): string {
  const outcomes: readonly Outcome[] = ["held", "refuted", "undecided"];
  const counts = outcomes.flatMap((outcome) => {
    const count = verdicts.filter(({ verdict }) => verdict === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  return counts.join(", ") || "no claims";
}

/** The figures of all variants over the seeds. */
export function figuresOf(
  seeds: readonly SeedResults[],
): (readonly [variant: string, figures: Readonly<Record<string, Interval>>])[] {
  return ["main", ...Object.keys(seeds[0]?.baselines ?? {})].map((variant) => {
    const results = seeds.map(({ result, baselines }) => (variant === "main" ? result : baselines[variant]!));
    const figures = Object.keys(results[0] ?? {});
    return [
      variant,
      Object.fromEntries(figures.map((figure) => [figure, meanInterval(results.map((result) => result[figure]!))])),
    ];
  });
}

function figuresTable(found: FoundExperiment, seeds: readonly SeedResults[]): string {
  const rows = figuresOf(seeds);
  const figures = [...new Set(rows.flatMap(([, own]) => Object.keys(own)))];
  return table([
    ["", ...figures.map(cell)],
    ...rows.map(([variant, own]) => [
      cell(titleOf(variant, found)),
      ...figures.map((figure) => (own[figure] === undefined ? "" : showInterval(own[figure]))),
    ]),
  ]);
}

/** The sweep that chose a setting of each variant, as a table. */
function tuningParts(
  found: FoundExperiment,
  { setting, values, figure, better, seed, variants }: TuningResult,
): string[] {
  const rows = variants.map(({ variant, figures, chosen }) => [
    cell(titleOf(variant, found)),
    ...figures.map((own, i) => (values[i] === chosen ? `**${showNumber(own)}**` : showNumber(own))),
  ]);
  const ends = variants.filter(({ chosen }) => chosen === values[0] || chosen === values.at(-1));
  const atTheEnd = ends.map(({ variant }) => titleOf(variant, found)).join(", ");
  const warning = atTheEnd === "" ? "" : ` At the end of what was tried: ${atTheEnd}.`;
  return [
    `Each variant was first run with every \`${setting}\` on seed ${seed}. It uses the one with the ${better} ` +
      `${figure}, in bold.${warning} No claim is judged on this seed; but data that do not depend on the seed are ` +
      "the data that claims are judged on.",
    table([[`${figure} by ${setting}`, ...values.map(String)], ...rows]),
  ];
}

function paperOf({ paper = "", reported }: Claim): string {
  if (reported === undefined) return cell(paper);
  const figure = String(Number(reported.toPrecision(4)));
  return cell(paper === "" ? figure : `${figure} (${paper})`);
}

function table([head, ...rows]: readonly (readonly string[])[]): string {
  return [rowOf(head!), `|${"---|".repeat(head!.length)}`, ...rows.map(rowOf)].join("\n");
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Text that cannot break out of its table cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/**
 * The index of experiments, for experiments/README.md: a new row for each experiment that was just reproduced; the
 * others keep the row that they have on the page.
 */
export function indexPage(reproductions: readonly Reproduction[], names: readonly string[], before = ""): string {
  const rows = new Map([...before.matchAll(/^\| \[([^\]]+)\]\(.*$/gm)].map(([row, name]) => [name, row]));
  for (const {
    found: { name, experiment },
    verdicts,
  } of reproductions) {
    rows.set(
      name,
      rowOf([
        `[${name}](${name}/README.md)`,
        cell(experiment.question),
        cell(experiment.paper ?? ""),
        `[${countVerdicts(verdicts)}](${name}/RESULTS.md)`,
      ]),
    );
  }
  return [
    "# Experiments",
    "One folder for each question. `npx pnpm@10 experiment NAME` runs an experiment once. " +
      "`npx pnpm@10 reproduce NAME` runs it and its baselines over several seeds, checks its claims and " +
      "updates its row on this page; `npx pnpm@10 reproduce --all` does so for all experiments.",
    [table([["experiment", "question", "paper", "claims"]]), ...names.flatMap((name) => rows.get(name) ?? [])].join(
      "\n",
    ),
  ].join("\n\n");
}
