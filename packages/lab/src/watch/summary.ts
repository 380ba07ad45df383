import { existsSync } from "node:fs";
import { join } from "node:path";
import { stateOf } from "../experiment/run-status.ts";
import { readPlain } from "../read-plain.ts";
import { recordedNumber, parseJsonLines, parseObject } from "../view/parse-lines.ts";
import { notesOf } from "./change-runs.ts";
import type { RunSummary } from "./messages.ts";

/** How much of the end of the metrics is read for the last values, in bytes. */
const tail = 16_384;

/** What the page shows of how a run was made. */
const circumstances = ["experiment", "commit", "backend", "node", "cpu"];

/** A run's summary for the list, from its small files and the end of its metrics. */
export function summarize(id: string, folder: string, revision: string): RunSummary {
  const json = (file: string) => parseObject(readPlain(join(folder, file)));
  const [about, settings, status, result] = [
    json("run.json"),
    json("settings.json"),
    json("status.json"),
    json("result.json"),
  ];
  const last: Record<string, number | string> = {};
  for (const line of parseJsonLines(readPlain(join(folder, "metrics.jsonl"), tail)))
    for (const [name, value] of Object.entries(line))
      if (recordedNumber(value) !== undefined) last[name] = value as number | string;
  const { step: measured, ...figures } = last;
  const steps = recordedNumber(status?.["steps"]);
  const error = status?.["error"];
  return {
    id,
    name: id,
    ...notesOf(folder),
    state: stateOf(folder, status, result !== undefined),
    step: Math.max(recordedNumber(status?.["step"]) ?? 0, recordedNumber(measured) ?? 0),
    ...(steps === undefined ? {} : { steps }),
    started: String(about?.["started"] ?? ""),
    ...(error === undefined ? {} : { error: String(error) }),
    figures: { ...figures, ...(result as Record<string, number> | undefined) },
    settings: settings ?? {},
    about: Object.fromEntries(circumstances.map((name) => [name, about?.[name]])),
    findings: parseJsonLines(readPlain(join(folder, "findings.jsonl"))).length,
    report: existsSync(join(folder, "report.html")),
    revision,
  };
}
