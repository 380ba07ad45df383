import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { writeAtomically, writing } from "@ansatz/data";
import { JsonLines } from "../json-lines.ts";
import type { Histogram } from "../diagnose/histogram-log.ts";
import { findRuns } from "../report/find-runs.ts";
import { readRecordedRun, type RecordedRun } from "../report/recorded-run.ts";
import { RunError } from "../run-folder.ts";
import { toCsv } from "./csv.ts";
import { toParquet } from "./parquet.ts";
import { tableOf } from "./table.ts";
import { toTensorboard } from "./tensorboard.ts";

/** The formats in which runs can be exported. */
export const formats = ["tensorboard", "csv", "parquet"] as const;
export type Format = (typeof formats)[number];

export interface ExportOptions {
  readonly formats: readonly Format[];
  /** Where the files are written, in a folder for each run. Default: the runs' own folders. */
  readonly output?: string | undefined;
}

/**
 * Exports a run, or all runs below a folder, as `metrics.csv`, `metrics.parquet` or `tensorboard/events.out.tfevents…`.
 * Earlier exports are replaced.
 *
 * @throws RunError if there is no run; WriteError
 * @example await exportRuns("no/such/runs", { formats: ["csv"] })  // throws
 */
export async function exportRuns(folder: string, options: ExportOptions): Promise<string[]> {
  const runs = await findRuns(folder);
  if (runs.length === 0)
    throw new RunError(
      `there is no run in ${folder} or below it\n  name a folder such as runs/EXPERIMENT/1, or runs for all runs`,
    );
  const written: string[] = [];
  for (const place of runs) {
    const run = await readRecordedRun(place);
    const target = options.output === undefined ? place : join(options.output, relative(folder, place) || run.name);
    for (const format of options.formats) {
      const [path, chunks] = fileOf(run, format);
      const whole = join(target, path);
      await writing(whole, () => mkdir(join(whole, ".."), { recursive: true }));
      await writeAtomically(whole, chunks);
      written.push(whole);
    }
  }
  return written;
}

function fileOf(run: RecordedRun, format: Format): [string, Uint8Array[]] {
  if (format === "csv") return ["metrics.csv", [new TextEncoder().encode(toCsv(tableOf(run)))]];
  if (format === "parquet") return ["metrics.parquet", [toParquet(tableOf(run))]];
  const seconds = Math.floor((Date.parse(String(run.about["started"])) || 0) / 1_000);
  const histograms = new JsonLines<Histogram>(join(run.folder, "histograms.jsonl")).read();
  return [
    join("tensorboard", `events.out.tfevents.${seconds}.ansatz`),
    [Buffer.concat(toTensorboard(run, histograms))],
  ];
}
