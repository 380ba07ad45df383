import { rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeCheckpoint, hasCheckpoint } from "../checkpoint.ts";
import { readJson, writeJson } from "../run-folder.ts";
import { UsageError } from "../settings.ts";
import type { Result } from "./claim.ts";
import type { RunRecord } from "./run-record.ts";

const secondsOf = { s: 1, m: 60, h: 3_600 } as const;

/** The seconds of a budget: "90s", "5m", "1.5h". @throws UsageError for any other text */
export function parseBudget(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text) ?? [];
  const seconds = Number(amount) * secondsOf[unit as keyof typeof secondsOf];
  if (seconds > 0) return seconds;
  throw new UsageError(`--budget cannot be "${text}"\n  use a number with a unit: 30s, 5m or 2h`);
}

/** The time that a run may take, from now on. */
export class Budget {
  readonly #ends: number;

  /** @throws UsageError for a number that isn't above 0 */
  constructor(seconds = Infinity) {
    if (!(seconds > 0)) throw new UsageError(`a budget cannot be ${seconds} seconds\n  use a number above 0`);
    this.#ends = performance.now() + seconds * 1_000;
  }

  /** Whether no time is left. */
  get spent(): boolean {
    return performance.now() >= this.#ends;
  }
}

/** A time at which a budget ended a run, in `run.json`. The run then has the result of an unfinished training. */
export interface SpentBudget {
  /** The step after which it ended, and the number of steps of the whole run. */
  readonly step: number;
  readonly steps: number;
  /** The budget in seconds. */
  readonly seconds: number;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Records that a budget ended the run in a folder, with this result. */
export async function recordSpentBudget(
  folder: string,
  { result, ...spent }: Omit<SpentBudget, "result"> & { readonly result: Result },
): Promise<void> {
  const saved = (await readJson(folder, "run.json")) as RunRecord;
  await writeJson(folder, "run.json", { ...saved, budgets: [...(saved.budgets ?? []), { ...spent, result }] });
}

/** Whether the run in a folder has a result only because its budget was spent: it can be resumed. */
export async function wasCutShort(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, "result.json")) || !existsSync(join(folder, "run.json"))) return false;
  const { budgets = [] } = (await readJson(folder, "run.json")) as Partial<RunRecord>;
  return (
    budgets.length > 0 && hasCheckpoint(folder) && budgets.at(-1)!.step === (await describeCheckpoint(folder)).step
  );
}

/** Takes away the result of a run that a budget ended, so that it resumes; `run.json` keeps that result. */
export async function reopen(folder: string): Promise<void> {
  if (await wasCutShort(folder)) await rm(join(folder, "result.json"));
}
