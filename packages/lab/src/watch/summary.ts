import { existsSync } from "node:fs";
import { join } from "node:path";
import { recordedNumber, parseJsonLines, parseObject, type JsonObject } from "../report/parse-lines.ts";
import { readPlain } from "./followed-lines.ts";
import type { RunSummary } from "./messages.ts";

/** How much of the end of the metrics is read for the last values, in bytes. */
const tail = 16_384;
/** After how many milliseconds without an update a run's process is checked, to see whether it is still alive. */
const silence = 5_000;

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
    state: stateOf(status, result !== undefined),
    step: Math.max(recordedNumber(status?.["step"]) ?? 0, recordedNumber(measured) ?? 0),
    ...(steps === undefined ? {} : { steps }),
    started: String(about?.["started"] ?? ""),
    ...(error === undefined ? {} : { error: String(error) }),
    figures: { ...figures, ...(result as Record<string, number> | undefined) },
    settings: settings ?? {},
    about: about ?? {},
    findings: parseJsonLines(readPlain(join(folder, "findings.jsonl"))).length,
    report: existsSync(join(folder, "report.html")),
    revision,
  };
}

function stateOf(status: JsonObject | undefined, ended: boolean): RunSummary["state"] {
  if (ended) return "ended";
  const state = status?.["state"];
  if (state === "interrupted" || state === "failed" || state === "ended") return state;
  if (state !== "running") return "unknown";
  const silent = Date.now() - Date.parse(String(status?.["updated"]));
  return silent > silence && !lives(recordedNumber(status?.["pid"])) ? "stopped" : "running";
}

/** Whether a process on this machine is alive. */
function lives(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
