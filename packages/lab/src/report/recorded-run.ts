import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { DType } from "@ansatz/core";
import type { ModuleNode } from "@ansatz/core/plugin";
import { stateOf } from "../experiment/run-status.ts";
import { RunError } from "../run-folder.ts";
import type { TextSample } from "../text-sample.ts";
import type { Curve } from "../view/bins.ts";
import { isJsonObject, recordedNumber, parseJsonLines, parseObject, type JsonObject } from "../view/parse-lines.ts";

/** A finding of `--diagnose`. */
export interface RecordedFinding {
  readonly step: number;
  readonly kind: string;
  readonly where: string | undefined;
  readonly message: string;
  readonly advice: string;
}

/**
 * Everything in a run's folder. A file that is missing or damaged gives an empty value here, because a run may be
 * killed at any moment.
 */
export interface RecordedRun {
  readonly folder: string;
  /** `EXPERIMENT/NUMBER`, from the path of the folder; `sweep/1/12` for a run of a sweep. */
  readonly name: string;
  readonly about: JsonObject;
  readonly settings: JsonObject;
  readonly status: JsonObject;
  readonly result: JsonObject | undefined;
  readonly curves: ReadonlyMap<string, Curve>;
  /** What had been spent at each step that was measured: seconds, and what the steps had processed. */
  readonly spent: ReadonlyMap<string, Curve>;
  readonly samples: readonly TextSample[];
  readonly findings: readonly RecordedFinding[];
  readonly model: ModuleNode | undefined;
  readonly log: string;
}

/** A folder with at least one of these files is that of a run. */
export const runFiles: readonly string[] = ["run.json", "settings.json", "metrics.jsonl"];

/** Reads a run's folder. @throws RunError if it isn't that of a run */
export async function readRecordedRun(folder: string): Promise<RecordedRun> {
  if (!runFiles.some((file) => existsSync(join(folder, file)))) {
    throw new RunError(
      `${folder} isn't the folder of a run: it has none of the files ${runFiles.join(", ")}\n` +
        "  name a folder such as runs/EXPERIMENT/1",
    );
  }
  const text = (file: string) => readFile(join(folder, file), "utf8").catch(() => "");
  const [about, settings, status, result, model] = await Promise.all(
    ["run.json", "settings.json", "status.json", "result.json", "model.json"].map(async (file) =>
      parseObject(await text(file)),
    ),
  );
  const [metrics, spent, samples, findings] = await Promise.all(
    ["metrics", "spent", "samples", "findings"].map(async (name) => parseJsonLines(await text(`${name}.jsonl`))),
  );
  return {
    folder,
    name: nameOf(folder),
    about: about ?? {},
    settings: settings ?? {},
    status: { ...status, state: stateOf(folder, status, result !== undefined) },
    result,
    curves: curvesOf(metrics!),
    spent: curvesOf(spent!),
    samples: samples!.map(sampleOf),
    findings: findings!.map(findingOf),
    model: model === undefined ? undefined : modelTreeOf(model),
    log: await text("log.txt"),
  };
}

/** The end of a folder's path: its numbers and the name before them. */
function nameOf(folder: string): string {
  const parts = resolve(folder)
    .split(sep)
    .filter((part) => part !== "");
  const named = parts.slice(0, -1).findLastIndex((part) => !/^\d+$/.test(part));
  return parts.slice(Math.max(0, named)).join("/");
}

/** The curve of each metric, by name, added to `curves`. */
export function curvesOf(lines: readonly JsonObject[], curves: Map<string, Curve> = new Map()): Map<string, Curve> {
  for (const line of lines) {
    const step = recordedNumber(line["step"]);
    if (step === undefined) continue;
    for (const name in line) {
      const value = recordedNumber(line[name]);
      if (name === "step" || value === undefined) continue;
      let curve = curves.get(name);
      if (curve === undefined) curves.set(name, (curve = { steps: [], values: [] }));
      curve.steps.push(step);
      curve.values.push(value);
    }
  }
  return curves;
}

/** A line of samples.jsonl. */
export function sampleOf({ step, text }: JsonObject): TextSample {
  return { step: recordedNumber(step) ?? 0, text: String(text) };
}

/** A line of findings.jsonl. */
export function findingOf({ step, kind, where, message, advice }: JsonObject): RecordedFinding {
  return {
    step: recordedNumber(step) ?? 0,
    kind: String(kind),
    where: where === undefined ? undefined : String(where),
    message: String(message),
    advice: String(advice ?? ""),
  };
}

/** A branch of model.json. */
export function modelTreeOf({ name, type, parameters, shape, dtype, trainable, children }: JsonObject): ModuleNode {
  return {
    name: String(name ?? ""),
    type: String(type ?? ""),
    parameters: recordedNumber(parameters) ?? 0,
    ...(Array.isArray(shape) ? { shape: shape.map(Number) } : {}),
    ...(typeof dtype === "string" ? { dtype: dtype as DType } : {}),
    ...(typeof trainable === "boolean" ? { trainable } : {}),
    children: Array.isArray(children) ? children.filter(isJsonObject).map(modelTreeOf) : [],
  };
}
