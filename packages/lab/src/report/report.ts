import { join } from "node:path";
import { writeAtomically } from "@ansatz/data";
import { drawCurves } from "./curves.ts";
import { showNumber, showValue } from "./format.ts";
import { html, type Html } from "./html.ts";
import { isJsonObject, recordedNumber, type JsonObject } from "./parse-lines.ts";
import { showModelTree } from "./model-tree.ts";
import { facts, page } from "./page.ts";
import { readRecordedRun, type RecordedRun } from "./recorded-run.ts";

/** How many of the last samples are shown unfolded. */
const samplesShown = 3;

/**
 * Writes a run's report, `report.html` in its folder, and returns its path. It is one file that any browser can show,
 * without the lab and without a network.
 *
 * It shows the result, the curves, the findings of `--diagnose`, samples, settings, the model's parts, versions and the
 * end of the log, as far as the folder has them. A run that was killed can have a report, too.
 *
 * @throws RunError if the folder isn't that of a run; WriteError
 * @example await writeReport("no/such/run")  // throws
 */
export async function writeReport(folder: string): Promise<string> {
  const run = await readRecordedRun(folder);
  const path = join(folder, "report.html");
  await writeAtomically(path, [new TextEncoder().encode(page(run.name, await reportOf(run)))]);
  return path;
}

async function reportOf(run: RecordedRun): Promise<Html> {
  const { about, settings, result, curves, findings, samples, model, log } = run;
  const charts = await drawCurves(curves);
  return html`<header>
      <h1>${run.name}</h1>
      ${about["question"] !== undefined && html`<p>${showValue(about["question"])}</p>`}
      ${about["paper"] !== undefined && html`<p class="faint">${showValue(about["paper"])}</p>`}
      <p>${stateOf(run)}</p>
    </header>
    ${
      result !== undefined &&
      html`<div class="figures">
        ${Object.entries(result).map(
          ([name, value]) => html`<div><b>${figure(value)}</b><span class="faint">${name}</span></div>`,
        )}
      </div>`
    }
    ${
      findings.length > 0 &&
      html`<h2>Findings</h2>
        ${findings.map(
          (finding) =>
            html`<div class="finding">
              <p>
                <b>${finding.kind}</b> at step
                ${finding.step}${finding.where !== undefined && html`, in <code>${finding.where}</code>`}:
                ${finding.message}
              </p>
              <p class="faint">${finding.advice}</p>
            </div>`,
        )}`
    }
    <h2>Curves</h2>
    ${charts.length > 0 ? html`<div class="charts">${charts}</div>` : html`<p class="faint">Nothing was measured.</p>`}
    ${
      samples.length > 0 &&
      html`<h2>Samples</h2>
        ${samples.slice(-samplesShown).map(sample)}${
          samples.length > samplesShown &&
          html`<details>
            <summary>${samples.length - samplesShown} earlier</summary>
            ${samples.slice(0, -samplesShown).map(sample)}
          </details>`
        }`
    }
    <h2>Settings</h2>
    ${facts(Object.entries(settings).map(([name, value]) => [name, showValue(value)]))}
    ${
      model !== undefined &&
      html`<h2>Model</h2>
        ${showModelTree(model)}`
    }
    ${
      isJsonObject(about["from"]) &&
      html`<h2>Ancestry</h2>
        ${facts(ancestry(about["from"]))}`
    }
    ${
      Array.isArray(about["changes"]) &&
      html`<h2>Changed when it was resumed</h2>
        ${facts(about["changes"].filter(isJsonObject).map(changeOf))}`
    }
    <h2>Where it ran</h2>
    ${facts(circumstances(about))}
    ${
      log !== "" &&
      html`<h2>Log</h2>
        <details>
          <summary>the last lines</summary>
          <pre>${log.split("\n").slice(-200).join("\n")}</pre>
        </details>`
    }`;
}

function figure(value: unknown): string {
  const number = recordedNumber(value);
  return number === undefined ? showValue(value) : showNumber(number);
}

function sample({ step, text }: { readonly step: number; readonly text: string }): Html {
  return html`<p class="faint">step ${step}</p>
    <pre>${text}</pre>`;
}

/** How the run ended or stands, in a sentence. */
function stateOf({ status, result, curves }: RecordedRun): Html {
  const last = Math.max(
    0,
    recordedNumber(status["step"]) ?? 0,
    ...[...curves.values()].map(({ steps }) => steps.at(-1) ?? 0),
  );
  const steps = recordedNumber(status["steps"]);
  const of = steps === undefined ? "" : ` of ${steps.toLocaleString("en")}`;
  const at = `${last.toLocaleString("en")}${of} steps`;
  if (result !== undefined) return html`<span class="good">Ended</span> after ${at}.`;
  if (status["state"] === "failed")
    return html`<span class="bad">Failed</span> after ${at}: ${showValue(status["error"])}`;
  if (status["state"] === "interrupted") return html`<span class="warn">Interrupted</span> after ${at}.`;
  return html`<span class="warn">Not ended</span>: ${at} so far.`;
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
  const plain = ["started", "command", "seed", "commit", "backend", "node", "platform", "cpu", "memoryGiB"].flatMap(
    (name) => {
      const value = about[name];
      if (value === undefined) return [];
      const text = Array.isArray(value) ? value.map(String).join(" ") : showValue(value);
      return [
        [name, name === "commit" && about["dirty"] === true ? `${text}, with uncommitted changes` : text] as const,
      ];
    },
  );
  const packages = about["packages"];
  return isJsonObject(packages)
    ? [...plain, ...Object.entries(packages).map(([name, version]) => [name, showValue(version)] as const)]
    : plain;
}
