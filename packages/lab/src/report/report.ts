import { join } from "node:path";
import { h, type ComponentChildren } from "preact";
import { writeWhole } from "../run-folder.ts";
import { documentOf } from "../view/document.ts";
import { showNumber, showValue } from "../view/format.ts";
import { isJsonObject, recordedNumber, type JsonObject } from "../view/parse-lines.ts";
import { facts, findingsOf, modelTree, sampleOf } from "../view/parts.ts";
import { drawCurves } from "./curves.ts";
import { readRecordedRun, type RecordedRun } from "./recorded-run.ts";

/** How many of the last samples are shown unfolded. */
const samplesShown = 3;

/**
 * Writes a run's report, `report.html` in its folder, and returns its path. It is one file that any browser can show,
 * without the lab and without a network.
 *
 * It begins with the question, the answer, the curves and the command. Then come findings, samples, settings, the
 * model's parts, versions and the log, as far as the folder has them. A run that was killed can have a report, too.
 *
 * @throws RunError if the folder isn't that of a run; WriteError
 * @example await writeReport("no/such/run")  // throws
 */
export async function writeReport(folder: string): Promise<string> {
  const run = await readRecordedRun(folder);
  const path = join(folder, "report.html");
  await writeWhole(path, documentOf(run.name, await reportOf(run)));
  return path;
}

async function reportOf(run: RecordedRun): Promise<ComponentChildren> {
  const { about, settings, curves, findings, samples, model, log } = run;
  const charts = await drawCurves(curves);
  const section = (title: string, content: ComponentChildren) => [h("h2", {}, title), content];
  const folded = (summary: string, content: ComponentChildren) => h("details", {}, h("summary", {}, summary), content);
  const { from, changes, packages, command, paper } = about;
  return [
    h("h1", {}, about["question"] === undefined ? run.name : showValue(about["question"])),
    h("p", { class: "faint" }, [run.name, ...(paper === undefined ? [] : [showValue(paper)])].join(", ")),
    answerOf(run),
    h("div", { class: "charts" }, charts),
    charts.length === 0 && h("p", { class: "faint" }, "Nothing was measured."),
    Array.isArray(command) && h("pre", {}, typedCommand(command.map(String))),
    findings.length > 0 && section("Findings", findingsOf(findings)),
    samples.length > 0 &&
      section("Samples", [
        samples.slice(-samplesShown).map(sampleOf),
        samples.length > samplesShown &&
          folded(`${samples.length - samplesShown} earlier`, samples.slice(0, -samplesShown).map(sampleOf)),
      ]),
    section("Settings", facts(Object.entries(settings).map(([name, value]) => [name, showValue(value)]))),
    model !== undefined && section("Model", modelTree(model)),
    isJsonObject(from) && section("Ancestry", facts(ancestry(from))),
    Array.isArray(changes) && section("Changed when it was resumed", facts(changes.filter(isJsonObject).map(changeOf))),
    section("Where it ran", facts(circumstances(about))),
    isJsonObject(packages) &&
      folded(
        `${Object.keys(packages).length} packages`,
        facts(Object.entries(packages).map(([name, version]) => [name, showValue(version)])),
      ),
    log !== "" && section("Log", folded("the last lines", h("pre", {}, log.split("\n").slice(-200).join("\n")))),
  ];
}

/** How the run ended, and its figures. */
function answerOf(run: RecordedRun): ComponentChildren {
  const figures = Object.entries(run.result ?? {}).map(([name, value]) =>
    h("div", {}, h("b", {}, figure(value)), h("span", { class: "faint" }, name)),
  );
  return [h("p", {}, stateOf(run)), figures.length > 0 && h("div", { class: "figures" }, figures)];
}

/** The command as it was typed: without the path of Node and that of the program. */
function typedCommand([node, program, ...words]: readonly string[]): string {
  const own = /(^|[/\\])node(\.exe)?$/.test(node ?? "");
  return (own ? ["ansatz", ...words] : [node, program, ...words])
    .filter((word) => word !== undefined)
    .map((word) => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

function figure(value: unknown): string {
  const number = recordedNumber(value);
  return number === undefined ? showValue(value) : showNumber(number);
}

/** How the run ended or stands, in a sentence. */
function stateOf({ status, result, curves }: RecordedRun): ComponentChildren {
  const last = Math.max(
    0,
    recordedNumber(status["step"]) ?? 0,
    ...[...curves.values()].map(({ steps }) => steps.at(-1) ?? 0),
  );
  const steps = recordedNumber(status["steps"]);
  const at = `${last.toLocaleString("en")}${steps === undefined ? "" : ` of ${steps.toLocaleString("en")}`} steps`;
  const word = (kind: string, text: string) => h("span", { class: kind }, text);
  if (status["end"] === "budget spent") return [word("warn", "Budget spent"), ` after ${at}: it can be resumed.`];
  if (result !== undefined) return [word("good", "Ended"), ` after ${at}.`];
  if (status["state"] === "failed") return [word("bad", "Failed"), ` after ${at}: ${showValue(status["error"])}`];
  if (status["state"] === "interrupted") return [word("warn", "Interrupted"), ` after ${at}.`];
  return [word("warn", "Not ended"), `: ${at} so far.`];
}

/** The run that this one started from, and where that one did. */
function ancestry({ folder, parts, step, from }: JsonObject): readonly (readonly [string, string])[] {
  const taken = Array.isArray(parts) ? parts.map(String).join(", ") : "";
  const own = [`step ${showValue(step)} of`, `${showValue(folder)} (${taken})`] as const;
  return [own, ...(isJsonObject(from) ? ancestry(from) : [])];
}

/** What was changed after a step. */
function changeOf({ step, source, steps, result }: JsonObject): readonly [string, string] {
  const parts = [
    ...(Array.isArray(source) ? [`source: ${source.map(String).join(", ")}`] : []),
    ...(Array.isArray(steps) ? [`steps: from ${steps.map(showValue).join(" to ")}`] : []),
    ...(isJsonObject(result)
      ? [
          `result until then: ${Object.entries(result)
            .map(([name, value]) => `${name} ${figure(value)}`)
            .join(", ")}`,
        ]
      : []),
  ];
  return [`after step ${showValue(step)}`, parts.join("; ")];
}

function circumstances(about: RecordedRun["about"]): (readonly [string, string])[] {
  return ["started", "seed", "commit", "backend", "node", "platform", "cpu", "memoryGiB"].flatMap((name) => {
    if (about[name] === undefined) return [];
    const changed = name === "commit" && about["dirty"] === true ? ", with uncommitted changes" : "";
    return [[name, `${showValue(about[name])}${changed}`] as const];
  });
}
