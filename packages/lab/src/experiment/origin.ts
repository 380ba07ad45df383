import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { StateError } from "@ansatz/core";
import { describeCheckpoint, hasCheckpoint } from "../checkpoint.ts";
import { readJson, RunError } from "../run-folder.ts";
import { UsageError } from "../settings.ts";
import type { RunRecord } from "./run-record.ts";

/** Which run to start from. */
export interface OriginOptions {
  /** The folder of a run that has saved a checkpoint. */
  readonly folder: string;
  /** The parts to take from there. Default: the model alone. */
  readonly parts?: readonly string[];
  /** The step of the checkpoint. Default: that of the newest. */
  readonly step?: number;
}

/** Where a run started from: a checkpoint of another run. */
export interface Origin {
  /** The folder of that run. */
  readonly folder: string;
  readonly parts: readonly string[];
  /** The step of the checkpoint, and the checksum of its tensors. */
  readonly step: number;
  readonly sha256: string;
  /** Where that run started from. */
  readonly from?: Origin;
}

/**
 * The origin of a new run.
 *
 * @throws UsageError for no parts; CheckpointError if there is no checkpoint, or a damaged one; StateError if it lacks
 * a part
 */
export async function originOf({ folder, parts = ["model"], step: asked }: OriginOptions): Promise<Origin> {
  if (parts.length === 0) throw new UsageError("a run that starts from another one takes a part of it, such as model");
  const { step, sha256, parts: held } = await describeCheckpoint(folder, asked);
  const missing = parts.filter((name) => !held.includes(name));
  if (missing.length > 0)
    throw new StateError(
      `the checkpoint in ${folder} has no ${missing.join(" and no ")}\n  it holds ${held.join(", ")}`,
    );
  const before = existsSync(join(folder, "run.json"))
    ? ((await readJson(folder, "run.json")) as Partial<RunRecord>).from
    : undefined;
  return { folder: resolve(folder), parts, step, sha256, ...(before === undefined ? {} : { from: before }) };
}

/**
 * Checks the origin of a run that had one when it began. If it has saved nothing since, it begins there again.
 *
 * @throws RunError if another one is asked for, or if its checkpoint is no longer the one it began with
 */
export async function sameOrigin(folder: string, saved: Origin | undefined, asked?: OriginOptions): Promise<void> {
  const describe = (origin: OriginOptions | undefined) =>
    origin === undefined
      ? "its own beginning"
      : `${(origin.parts ?? ["model"]).join(", ")} of ${resolve(origin.folder)}`;
  if (asked !== undefined && describe(asked) !== describe(saved))
    throw new RunError(
      `${folder} holds a run that started from ${describe(saved)}, not from ${describe(asked)}\n` +
        "  a run keeps its origin; start a new run for another one",
    );
  if (saved === undefined || hasCheckpoint(folder)) return;
  const { sha256 } = await describeCheckpoint(saved.folder, saved.step);
  if (sha256 !== saved.sha256)
    throw new RunError(
      `${saved.folder} has another checkpoint than when the run in ${folder} started from it\n` +
        "  start a new run from the one that it has now",
    );
}

/** An origin in words, the nearest first: "model of runs/a/2, step 100; that run: model of runs/b/1, step 5". */
export function showOrigin({ folder, parts, step, from }: Origin): string {
  const own = `${parts.join(", ")} of ${relative("", folder) || folder}, step ${step.toLocaleString("en")}`;
  return from === undefined ? own : `${own}; that run: ${showOrigin(from)}`;
}
