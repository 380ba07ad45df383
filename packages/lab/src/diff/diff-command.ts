import { AnsatzError } from "@ansatz/core";
import { columns } from "../columns.ts";
import { jsonOption, readCommandLine } from "../command/command-line.ts";
import { jsonText } from "../json-lines.ts";
import { UsageError } from "../settings.ts";
import type { ValueDifference } from "./checkpoint-difference.ts";
import { diffRuns, type NamedDifference, type RunDifference } from "./diff-runs.ts";

/** How many tensors of a checkpoint are printed; `--json` has all of them. */
const tensorsShown = 20;

export const usage = {
  usage: `ansatz diff FOLDER FOLDER    find the first step and tensor at which two runs part

The status is 0 if all their numbers are equal bit for bit, 1 if they part, and 2 if they cannot be compared.`,
  options: {
    ignore: {
      default: "",
      description: "metrics, figures and values to leave out, separated by commas, such as times",
    },
    json: jsonOption,
  },
  names: { what: "the folder of a run", least: 2, most: 2 },
} as const;

/** Runs `ansatz diff` with these words. @throws UsageError for words that it cannot read */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const ignored = read.options.ignore.split(",").map((name) => name.trim());
  try {
    const difference = await diffRuns(read.names as [string, string], { ignored });
    console.log(read.options.json ? jsonText(difference, 2) : textOf(difference));
    process.exitCode = difference.equal ? 0 : 1;
  } catch (error) {
    if (!(error instanceof AnsatzError) || error instanceof UsageError) throw error;
    process.exitCode = 2;
    console.error(`${error.name}: ${error.message}`);
  }
}

function textOf({ runs, settings, source, environment, logged, checkpoints, result, equal }: RunDifference): string {
  const { steps, equal: same, parts } = checkpoints;
  const named = (title: string, list: readonly NamedDifference[]) =>
    list.map(({ name, values: [a, b] }, i) => [i === 0 ? title : "", name, a, b]);
  const rows = [
    ["", "", ...runs],
    ...named("settings", settings),
    ...source.map((file, i) => [i === 0 ? "source" : "", file, "", "differs"]),
    ...named("environment", environment),
    ...named("result", result),
  ];
  const lines = [
    ...(rows.length > 1 ? [columns(rows), ""] : []),
    logged === null
      ? "what they logged is equal"
      : `they part at step ${logged.step}, in ${logged.metric}: ` +
        logged.values.map((value) => (value === null ? "nothing" : JSON.stringify(value))).join(" and "),
    ...(same.length > 0 ? [`the checkpoints of step ${same.join(", ")} are equal`] : []),
    ...(parts === null
      ? []
      : [`the checkpoints of step ${parts.step} differ in ${parts.values.length} of ${parts.compared} values:`]),
    ...(parts === null ? [] : [tableOf(parts.values)]),
    ...(parts === null && same.length === 0
      ? [`they have no checkpoint of the same step: ${steps.map(stepsOf).join(", and ")}`]
      : []),
  ];
  return [...lines, equal ? "no number differs" : []].flat().join("\n");
}

function stepsOf(steps: readonly number[], run: number): string {
  const which = run === 0 ? "the first" : "the second";
  return steps.length === 0 ? `${which} has none` : `${which} has those of steps ${steps.join(", ")}`;
}

function tableOf(values: readonly ValueDifference[]): string {
  const digits = (value: number) => (Number.isFinite(value) ? value.toPrecision(3) : String(value));
  const rows = values
    .slice(0, tensorsShown)
    .map((value) =>
      value.kind === "plain"
        ? [`  ${value.path}`, "", "", "", value.values.join(" and ")]
        : [
            `  ${value.path}`,
            digits(value.absolute),
            digits(value.relative),
            value.ulps === null ? "" : String(value.ulps),
            `${value.elements} of ${value.of}, first at [${value.first.join(", ")}]`,
          ],
    );
  const more = values.length - rows.length;
  return [
    columns([["  value", "absolute", "relative", "ULPs", "elements that differ"], ...rows]),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join("\n");
}
