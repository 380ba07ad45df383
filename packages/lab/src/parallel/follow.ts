import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeJson, writeText } from "../run-folder.ts";
import type { Result } from "../experiment/claim.ts";
import type { Run, RunOptions } from "../experiment/run-experiment.ts";
import type { Ranks } from "./ranks.ts";

/** What the leading process says before a run begins. */
export interface Beginning {
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The file with the result of a run that has ended already. */
  readonly result: string | null;
}

/**
 * Runs an experiment in a process that does not lead: with the leader's settings, in a folder of its own that is
 * removed afterwards. The state of the run comes from the leader, so it looks for no checkpoint and no other run.
 */
export async function follow<R extends Result>(
  ranks: Ranks,
  { folder: _folder, runs: _runs, steps: _steps, checkpoint: _checkpoint, from: _from, ...options }: RunOptions,
  run: (options: RunOptions) => Promise<Run<R>>,
): Promise<Run<R>> {
  const none = { folder: "", settings: {}, result: null };
  const { folder, settings, result } = await ranks.share<Beginning>(none);
  const own = await mkdtemp(join(tmpdir(), "ansatz-rank-"));
  try {
    await writeJson(own, "settings.json", settings);
    if (result !== null) await writeText(own, "result.json", result);
    return { ...(await run({ ...options, settings: {}, folder: own, output: "none" })), folder };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}
