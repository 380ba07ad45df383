import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { RunError } from "../run-folder.ts";
import type { TextSample } from "../text-sample.ts";
import { isJsonObject, recordedNumber, parseJsonLines, parseObject, type JsonObject } from "./parse-lines.ts";

/** One measured quantity over a run's steps. */
export interface Curve {
  readonly steps: number[];
  readonly values: number[];
}

/** What `--diagnose` found. */
export interface RecordedFinding {
  readonly step: number;
  readonly kind: string;
  readonly where: string | undefined;
  readonly message: string;
  readonly advice: string;
}

/** A part of a model, and what is in it. */
export interface ModelTree {
  readonly name: string;
  readonly type: string;
  /** How many trained values it holds itself, its children's not counted. */
  readonly parameters: number;
  readonly shape?: readonly number[];
  readonly children: readonly ModelTree[];
}

/**
 * All that a run's folder says. Whatever is missing or damaged there is empty here: a run may have been killed at any
 * moment.
 */
export interface RecordedRun {
  readonly folder: string;
  /** `EXPERIMENT/NUMBER`, from the folder's place; `sweep/1/12` for a run of a sweep. */
  readonly name: string;
  readonly about: JsonObject;
  readonly settings: JsonObject;
  readonly status: JsonObject;
  readonly result: JsonObject | undefined;
  readonly curves: ReadonlyMap<string, Curve>;
  readonly samples: readonly TextSample[];
  readonly findings: readonly RecordedFinding[];
  readonly model: ModelTree | undefined;
  readonly log: string;
}

/** The files of which at least one makes a folder a run's. */
export const runFiles: readonly string[] = ["run.json", "settings.json", "metrics.jsonl"];

/** Reads a run's folder. @throws RunError when it is none */
export async function readRecordedRun(folder: string): Promise<RecordedRun> {
  if (!runFiles.some((file) => existsSync(join(folder, file)))) {
    throw new RunError(
      `${folder} is no folder of a run: it holds none of ${runFiles.join(", ")}\n  name a folder such as runs/EXPERIMENT/1`,
    );
  }
  const text = (file: string) => readFile(join(folder, file), "utf8").catch(() => "");
  const [about, settings, status, result, model] = await Promise.all(
    ["run.json", "settings.json", "status.json", "result.json", "model.json"].map(async (file) =>
      parseObject(await text(file)),
    ),
  );
  const [metrics, samples, findings] = await Promise.all(
    ["metrics.jsonl", "samples.jsonl", "findings.jsonl"].map(async (file) => parseJsonLines(await text(file))),
  );
  return {
    folder,
    name: nameOf(folder),
    about: about ?? {},
    settings: settings ?? {},
    status: status ?? {},
    result,
    curves: curvesOf(metrics!),
    samples: samples!.map(sampleOf),
    findings: findings!.map(findingOf),
    model: model === undefined ? undefined : modelTreeOf(model),
    log: await text("log.txt"),
  };
}

/** The end of a folder's path, up to the first part that is no number. */
function nameOf(folder: string): string {
  const parts = resolve(folder)
    .split(sep)
    .filter((part) => part !== "");
  const named = parts.slice(0, -1).findLastIndex((part) => !/^\d+$/.test(part));
  return parts.slice(Math.max(0, named)).join("/");
}

/** What was measured, by name, each over the steps at which it was. */
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
export function modelTreeOf({ name, type, parameters, shape, children }: JsonObject): ModelTree {
  return {
    name: String(name ?? ""),
    type: String(type ?? ""),
    parameters: recordedNumber(parameters) ?? 0,
    ...(Array.isArray(shape) ? { shape: shape.map(Number) } : {}),
    children: Array.isArray(children) ? children.filter(isJsonObject).map(modelTreeOf) : [],
  };
}

/** How many trained values a part of a model and everything in it hold. */
export function parameterCount(tree: ModelTree): number {
  return tree.children.reduce((count, child) => count + parameterCount(child), tree.parameters);
}
